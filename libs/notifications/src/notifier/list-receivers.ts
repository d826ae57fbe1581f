import type { Channel } from '../deliveries/delivery.ts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import type { NotifierRule } from './notifier-rules.ts';

/** One notification of an event by one rule to one receiver. */
export interface PlannedNotification {
  event: NotifiableEvent;
  rule: NotifierRule;
  channel: Channel;
  /** An email address, or a webhook's id. */
  receiver: string;
}

export interface Receivers {
  /** For rules without recipients; null if no emails are sent. */
  emails: string[] | null;
  /** The webhooks that send text messages. */
  smsWebhooks: string[];
}

export const MAX_NOTIFICATIONS_PER_EVENT = 100;

/**
 * The notifications of an event by `rules`, each receiver once per rule. `isTruncated`: there would be more.
 */
export function listReceivers(
  event: NotifiableEvent,
  rules: NotifierRule[],
  receivers: Receivers,
): { notifications: PlannedNotification[]; isTruncated: boolean } {
  const all = rules.flatMap((rule) =>
    receiversForRule(rule, receivers).map((receiver) => ({ event, rule, ...receiver })),
  );
  return {
    notifications: all.slice(0, MAX_NOTIFICATIONS_PER_EVENT),
    isTruncated: all.length > MAX_NOTIFICATIONS_PER_EVENT,
  };
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

/** Removes addresses that differ in case only. */
function uniqueAddresses(addresses: string[]): string[] {
  const keys = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, index) => keys.indexOf(keys[index]!) === index);
}
