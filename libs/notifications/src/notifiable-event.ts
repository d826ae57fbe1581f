import type { JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';

/** The fields of an entity event that notifications use. */
export interface NotifiableEvent {
  /** evt-YYYYMMDD-… */
  id: string;
  orgId: number;
  /** type/id */
  entity: string;
  type: string;
  data: JsonObject;
  /** ISO 8601. */
  at: string;
  /** UUIDv7 of the event's intake row: orders the events of one organization. */
  position: string;
}

/**
 * Creates the deliveries of `events` (of several organizations, in order of position) in the caller's
 * transaction.
 */
export type Notify = (tx: Queryable, events: NotifiableEvent[]) => Promise<void>;
