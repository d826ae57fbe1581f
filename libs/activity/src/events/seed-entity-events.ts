import type { Queryable } from '@oriontel/database';
import { entityEvents, type NewEventRow } from './entity-event.repository.ts';

/** Inserts events that are not stored yet, without notifications. `entity`: type/id */
export async function seedEntityEvents(
  db: Queryable,
  orgId: number,
  entity: string,
  events: Pick<NewEventRow, 'id' | 'type' | 'at' | 'data'>[],
): Promise<void> {
  await entityEvents(db).insert(events.map((event) => ({ ...event, orgId, entity })));
}
