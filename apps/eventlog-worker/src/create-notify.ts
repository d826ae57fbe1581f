import type { Notify } from '@oriontel/activity';
import { createNotifier, createWebhookDeliveries } from '@oriontel/notifications/worker';
import { findNotifierRules } from '@oriontel/bespoke';
import { findContactEmails } from '@oriontel/identity';
import type { Logger } from '@oriontel/service';

/** Hands events over to the webhooks that want them, and to whom the notifier rules of their organization name. */
export function createNotify(log: Logger, channels: { email: boolean }): Notify {
  const tellByRules = createNotifier({
    findRules: findNotifierRules,
    findEmails: findContactEmails,
    channels,
    onSuppressed: (held) => log.info(held, 'notifications of rules were not handed to delivery'),
  });
  return async function notify(tx, events) {
    await createWebhookDeliveries(tx, events);
    await tellByRules(tx, events);
  };
}
