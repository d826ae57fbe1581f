import type { Queryable } from '@oriontel/database';
import { entityEvents, type NewRow } from './entity-event.repository.ts';

/** Puts events with ids and times of the caller's choice where they are not yet, and tells nobody. `entity`: type/id */
export const seedEntityEvents = async (
  db: Queryable,
  orgId: number,
  entity: string,
  events: Pick<NewRow, 'id' | 'type' | 'at' | 'data'>[],
): Promise<void> => {
  await entityEvents(db).insert(events.map((event) => ({ ...event, orgId, entity })));
};
