import type { JsonObject } from '@oriontel/contracts';

/** Something that happened to an entity, as it waits in the intake. */
export interface EntityEvent {
  /** evt-YYYYMMDD-… */
  id: string;
  orgId: number;
  /** type/id */
  entity: string;
  type: string;
  data: JsonObject;
  /** ISO 8601. */
  at: string;
  /** Whether webhooks and the notifier are to tell of it. */
  notify: boolean;
}

/** The same, with what the intake knows of it. */
export type AcceptedEvent = EntityEvent & {
  /** UUIDv7 of its intake row: events of one writer come in this order. */
  position: string;
  acceptedAt: Date;
};
