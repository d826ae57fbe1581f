import type { Channel } from '../deliveries/delivery.ts';
import type { AcceptedEvent } from '../events/entity-event.ts';
import type { NotifierRule } from './notifier-rules.ts';

/** One notification: of what, by which rule, and whom to tell. */
export interface Wanted {
  event: AcceptedEvent;
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
export const MOST_OF_ONE_EVENT = 100;

/** Whom `rules` tell of an event, each receiver once by one rule. `isCut`: there would be more. */
export const listReceivers = (
  event: AcceptedEvent,
  rules: NotifierRule[],
  receivers: Receivers,
): { wanted: Wanted[]; isCut: boolean } => {
  const wanted: Wanted[] = [];
  for (const rule of rules)
    for (const receiver of receiversOf(rule, receivers)) {
      if (wanted.length === MOST_OF_ONE_EVENT) return { wanted, isCut: true };
      wanted.push({ event, rule, ...receiver });
    }
  return { wanted, isCut: false };
};

const receiversOf = (
  { channels, recipients }: NotifierRule,
  { emails, smsWebhooks }: Receivers,
): Pick<Wanted, 'channel' | 'receiver'>[] => {
  const byEmail =
    emails && channels.includes('email') ? distinct(recipients.length ? recipients : emails) : [];
  const bySms = channels.includes('sms') ? smsWebhooks : [];
  return [
    ...byEmail.map((receiver) => ({ channel: 'email' as const, receiver })),
    ...bySms.map((receiver) => ({ channel: 'webhook' as const, receiver })),
  ];
};

/** Nobody is told twice for having written an address in two ways. */
const distinct = (addresses: string[]): string[] => {
  const keys = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, index) => keys.indexOf(keys[index]!) === index);
};
