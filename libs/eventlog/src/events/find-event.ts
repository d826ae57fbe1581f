import { eventIdTime, type EventIdTime } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { intakeRows } from '@oriontel/intake';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';
import { eventlogIntake } from './eventlog-intake.ts';

const QUEUE_NAME = eventlogIntake.queue.name;

/** Finds an event that is stored or pending in the intake; null if the organization has none with this id. */
export function findEvent(db: Queryable) {
  return async function findStoredOrPending(orgId: number, id: string): Promise<DatedEvent | null> {
    const time = eventIdTime(id);
    if (!time) return null;
    const findStored = () => auditEvents(db).find(orgId, id, time);
    // Read again at the end: the event may have been stored between the first two reads.
    return (await findStored()) ?? (await findPending(db, orgId, id, time)) ?? (await findStored());
  };
}

async function findPending(
  db: Queryable,
  orgId: number,
  id: string,
  time: EventIdTime,
): Promise<DatedEvent | null> {
  if (time.known !== 'ms') return null;
  const [row] = await intakeRows(db).pending<AuditEvent>(QUEUE_NAME, orgId, { key: id, limit: 1 });
  return row ? { ...row.payload, createdAt: time.at } : null;
}
