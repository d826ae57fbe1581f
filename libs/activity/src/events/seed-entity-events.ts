import type { Queryable } from '@oriontel/database';
import { entityEvents, type NewEventRow } from './entity-event.repository.ts';

/** Puts events with ids and times of the caller's choice where they are not yet, and tells nobody. `entity`: type/id */
export async function seedEntityEvents(
  db: Queryable,
  orgId: number,
  entity: string,
  events: Pick<NewEventRow, 'id' | 'type' | 'at' | 'data'>[],
): Promise<void> {
  await entityEvents(db).insert(events.map((event) => ({ ...event, orgId, entity })));
}
