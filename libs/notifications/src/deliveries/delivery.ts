import type { JsonObject } from '@oriontel/contracts';

export type Channel = 'webhook' | 'email';

/** A notification to be sent to one receiver until it is delivered, always with the same id. */
export interface NewDelivery {
  orgId: number;
  eventId: string;
  /** UUIDv7 of the event's intake row: a webhook receives its deliveries in this order. */
  position: string;
  channel: Channel;
  /** A webhook's id, or an email address. */
  receiver: string;
  /** The notifier rule that caused it; null if a webhook subscribed to the event itself. */
  ruleId: string | null;
  /**
   * Of a webhook payload: the event's type, `notification.sms` or `webhook.test`; of an email: the event's
   * type.
   */
  type: string;
  /** When the event happened, ISO 8601: `timestamp` of a webhook payload. */
  at: string;
  /** `data` of a webhook payload, or {subject, text} of an email. */
  message: JsonObject;
}

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
/** Only emails become `failed`. A webhook that keeps failing is disabled, and its deliveries stay pending. */
export type DeliveryState = (typeof deliveryStates)[number];

/** A delivery to be sent. */
export interface OutgoingDelivery {
  id: string;
  orgId: number;
  eventId: string;
  receiver: string;
  ruleId: string | null;
  type: string;
  at: Date;
  message: JsonObject;
  /** Number of earlier attempts. */
  attempts: number;
  createdAt: Date;
}
