import type { Notify } from '@oriontel/activity';
import { openNotifier, planWebhooks } from '@oriontel/activity/worker';
import { notifierRules } from '@oriontel/bespoke';
import { emailsOf } from '@oriontel/identity';
import type { Logger } from '@oriontel/service';

/** Hands events over to the webhooks that want them, and to whom the notifier rules of their organization name. */
export const openNotify = (log: Logger, channels: { email: boolean }): Notify => {
  const tellByRules = openNotifier({
    settingsOf: notifierRules,
    emailsOf,
    channels,
    onHeldBack: (held) => log.info(held, 'notifications of rules were not handed to delivery'),
  });
  return async (tx, events) => {
    await planWebhooks(tx, events);
    await tellByRules(tx, events);
  };
};
