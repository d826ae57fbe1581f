import type { Channel } from '../deliveries/delivery.ts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import type { NotifierRule } from './notifier-rules.ts';

/** One notification: of what, by which rule, and whom to tell. */
export interface PlannedNotification {
  event: NotifiableEvent;
  rule: NotifierRule;
  channel: Channel;
  /** An email address, or a webhook's id. */
  receiver: string;
}

export interface Receivers {
  /** Whom an email goes to where its rule names nobody; null where none can be sent. */
  emails: string[] | null;
  /** The webhooks that send text messages. */
  smsWebhooks: string[];
}

/** Notifications of one event, whatever its rules say. */
export const MAX_NOTIFICATIONS_PER_EVENT = 100;

/** Whom `rules` tell of an event, each receiver once by one rule. `isCut`: there would be more. */
export function listReceivers(
  event: NotifiableEvent,
  rules: NotifierRule[],
  receivers: Receivers,
): { wanted: PlannedNotification[]; isCut: boolean } {
  const wanted: PlannedNotification[] = [];
  for (const rule of rules)
    for (const receiver of receiversForRule(rule, receivers)) {
      if (wanted.length === MAX_NOTIFICATIONS_PER_EVENT) return { wanted, isCut: true };
      wanted.push({ event, rule, ...receiver });
    }
  return { wanted, isCut: false };
}

function receiversForRule(
  { channels, recipients }: NotifierRule,
  { emails, smsWebhooks }: Receivers,
): Pick<PlannedNotification, 'channel' | 'receiver'>[] {
  const byEmail =
    emails && channels.includes('email') ? uniqueAddresses(recipients.length ? recipients : emails) : [];
  const bySms = channels.includes('sms') ? smsWebhooks : [];
  return [
    ...byEmail.map((receiver) => ({ channel: 'email' as const, receiver })),
    ...bySms.map((receiver) => ({ channel: 'webhook' as const, receiver })),
  ];
}

/** Nobody is told twice for having written an address in two ways. */
function uniqueAddresses(addresses: string[]): string[] {
  const keys = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, index) => keys.indexOf(keys[index]!) === index);
}
