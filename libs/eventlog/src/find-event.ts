import { eventIdTime, type EventIdTime } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { intakeRows } from '@oriontel/intake';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';
import { eventlogIntake } from './eventlog-intake.ts';

const QUEUE_NAME = eventlogIntake.queue.name;

/** One event, stored or on its way; null where the organization has none of this id. */
export function findEvent(db: Queryable) {
  return async function findStoredOrPending(orgId: number, id: string): Promise<DatedEvent | null> {
    const time = eventIdTime(id);
    if (!time) return null;
    const stored = () => auditEvents(db).find(orgId, id, time);
    // Asked again last: it may have been stored between the two.
    return (await stored()) ?? (await findPending(db, orgId, id, time)) ?? (await stored());
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
