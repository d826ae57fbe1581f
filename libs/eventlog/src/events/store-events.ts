import { eventIdTime } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { IntakeRow } from '@oriontel/intake';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';

/**
 * Stores the events of `rows`. Idempotent: events that are already stored are skipped. No row is quarantined.
 */
export async function storeEvents(tx: Queryable, rows: IntakeRow<AuditEvent>[]): Promise<[]> {
  const events = rows.map(({ payload, acceptedAt }): DatedEvent => {
    const time = eventIdTime(payload.id);
    return { ...payload, createdAt: time?.known === 'ms' ? time.at : acceptedAt };
  });
  await auditEvents(tx).insert(events);
  return [];
}
