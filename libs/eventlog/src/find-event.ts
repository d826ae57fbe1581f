import { eventIdTime, type IdTime } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { intakeRows } from '@oriontel/intake';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';
import { eventlogIntake } from './eventlog-intake.ts';

const queue = eventlogIntake.queue.name;

/** One event, stored or on its way; null where the organization has none of this id. */
export const findEvent =
  (db: Queryable) =>
  async (orgId: number, id: string): Promise<DatedEvent | null> => {
    const time = eventIdTime(id);
    if (!time) return null;
    const stored = () => auditEvents(db).find(orgId, id, time);
    // Asked again last: it may have been stored between the two.
    return (await stored()) ?? (await pending(db, orgId, id, time)) ?? (await stored());
  };

const pending = async (
  db: Queryable,
  orgId: number,
  id: string,
  time: IdTime,
): Promise<DatedEvent | null> => {
  if (time.known !== 'ms') return null;
  const [row] = await intakeRows(db).pending<AuditEvent>(queue, orgId, { key: id, limit: 1 });
  return row ? { ...row.payload, createdAt: time.at } : null;
};
