import type { Queryable } from '@oriontel/database';
import { auditEvents } from './audit-event.repository.ts';
import type { DatedEvent } from './audit-event.ts';

/** Inserts events with the given ids and times unless they exist. */
export function seedEvents(db: Queryable, events: DatedEvent[]): Promise<void> {
  return auditEvents(db).insert(events);
}
