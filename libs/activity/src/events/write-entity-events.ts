import { newEventId, type JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { intakeRows } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import type { EntityEvent } from './entity-event.ts';
import { entityEventsIntake } from './entity-events-intake.ts';

export interface Occurrence {
  orgId: number;
  /** type/id */
  entity: string;
  type: string;
  data: JsonObject;
  /** @default now */
  at?: Date | undefined;
  notify: boolean;
}

/** Adds a new id and the default time. */
export function newEntityEvent({ at, ...rest }: Occurrence, now = new Date()): EntityEvent {
  return {
    ...rest,
    id: newEventId(now),
    at: (at ?? now).toISOString(),
  };
}

/**
 * Adds events to the intake inside the transaction of the caller, so that both commit or neither. The next
 * sweep dispatches them, within two seconds.
 */
export async function writeEntityEvents(
  tx: Queryable,
  occurrences: Occurrence[],
  requestId: string,
): Promise<void> {
  if (!occurrences.length) return;
  const rows = occurrences.map((occurrence) => ({
    id: uuidv7(),
    queue: entityEventsIntake.queue.name,
    orgId: occurrence.orgId,
    key: occurrence.entity,
    payload: JSON.stringify(newEntityEvent(occurrence)),
    requestId,
  }));
  await intakeRows(tx).insert(rows, 0);
}
