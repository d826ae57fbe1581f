import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import { entityEvents } from './entity-event.repository.ts';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';

/**
 * Creates the notifications of `events` inside the transaction that stores them: each event is passed once,
 * events of several organizations may be mixed, and they are ordered by position.
 */
export type Notify = (tx: Queryable, events: AcceptedEvent[]) => Promise<void>;

/**
 * Creates a store function that inserts each event once and passes the new ones with `notify: true` to
 * `notify`.
 */
export function storeEntityEvents(notify: Notify): StoreRows<EntityEvent> {
  return async function storeEventRows(tx, rows) {
    const stored = await entityEvents(tx).insert(rows.map(({ payload }) => payload));
    // Deleting the id makes a second row with the same id a repeat.
    const newRows = rows.filter(({ payload }) => stored.delete(payload.id));
    const toNotify = newRows.filter(({ payload }) => payload.notify).map(asAccepted);
    if (toNotify.length) await notify(tx, toNotify);
    return [];
  };
}

function asAccepted({ id, payload, acceptedAt }: IntakeRow<EntityEvent>): AcceptedEvent {
  return { ...payload, position: id, acceptedAt };
}
