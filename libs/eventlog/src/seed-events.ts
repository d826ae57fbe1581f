import type { Queryable } from '@oriontel/database';
import { auditEvents } from './audit-event.repository.ts';
import type { DatedEvent } from './audit-event.ts';

/** Puts events with ids and times of the caller's choice where they are not yet. */
export function seedEvents(db: Queryable, events: DatedEvent[]): Promise<void> {
  return auditEvents(db).insert(events);
}
