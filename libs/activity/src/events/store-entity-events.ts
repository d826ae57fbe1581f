import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import { entityEvents } from './entity-event.repository.ts';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';

/**
 * Hands over what is to be told of `events`, inside the transaction that stores them: they come once each, of several
 * organizations, in the order of their positions.
 */
export type Notify = (tx: Queryable, events: AcceptedEvent[]) => Promise<void>;

/** Stores the events of all `rows` once each, and has told of those that want it when they are stored. */
export function storeEntityEvents(notify: Notify): StoreRows<EntityEvent> {
  return async function storeEventRows(tx, rows) {
    const stored = await entityEvents(tx).insert(rows.map(({ payload }) => payload));
    // Deleted: of two rows with one id the first counts.
    const fresh = rows.filter(({ payload }) => stored.delete(payload.id));
    const told = fresh.filter(({ payload }) => payload.notify).map(asAccepted);
    if (told.length) await notify(tx, told);
    return [];
  };
}

function asAccepted({ id, payload, acceptedAt }: IntakeRow<EntityEvent>): AcceptedEvent {
  return {
    ...payload,
    position: id,
    acceptedAt,
  };
}
