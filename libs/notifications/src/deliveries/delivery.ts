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
  /** Of a webhook's payload: the event's type, `notification.sms` or `webhook.test`; of an email: the event's. */
  type: string;
  /** When it happened, ISO 8601: `timestamp` of a webhook's payload. */
  at: string;
  /** As `data` of a webhook's payload, or {subject, text} of an email. */
  message: JsonObject;
}

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
/** `failed` is for good, and for emails alone: a webhook that goes on failing is disabled, and what waits for it stays. */
export type DeliveryState = (typeof deliveryStates)[number];

/** A delivery on its way out. */
export interface OutgoingDelivery {
  id: string;
  orgId: number;
  eventId: string;
  receiver: string;
  ruleId: string | null;
  type: string;
  at: Date;
  message: JsonObject;
  /** Those that went before. */
  attempts: number;
  createdAt: Date;
}
