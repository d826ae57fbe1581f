import type { JsonObject } from '@oriontel/contracts';

/** Something that happened to an entity; the payload of an intake row. */
export interface EntityEvent {
  /** evt-YYYYMMDD-… */
  id: string;
  orgId: number;
  /** type/id */
  entity: string;
  type: string;
  data: JsonObject;
  /** When it happened, ISO 8601. */
  at: string;
  /** Whether webhooks and notifier rules are notified. */
  notify: boolean;
}

/** An event with the data of its intake row. */
export type AcceptedEvent = EntityEvent & {
  /** UUIDv7 of the intake row: it orders the events of one writer. */
  position: string;
  acceptedAt: Date;
};
