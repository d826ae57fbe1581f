import type { JsonObject } from '@oriontel/contracts';

/** How a notification leaves the house. */
export type Channel = 'webhook' | 'email';

/** A notification that was handed to delivery: sent until it is taken, to the same receiver with the same id. */
export interface NewDelivery {
  orgId: number;
  /** The event that it tells of. */
  eventId: string;
  /** UUIDv7 of the intake row that brought the event: what one receiver gets, it gets in this order. */
  position: string;
  channel: Channel;
  /** A webhook's id, or an email address. */
  receiver: string;
  /** The notifier rule that wants it; null where a webhook asked for the event itself. */
  ruleId: string | null;
  /** As `data` of a webhook's payload, or {subject, text} of an email. */
  message: JsonObject;
}
