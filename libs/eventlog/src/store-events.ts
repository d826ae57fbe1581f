import { eventIdTime } from '@oriontel/contracts';
import type { StoreRows } from '@oriontel/intake';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';

/** Stores the events of all `rows` once each. */
export const storeEvents: StoreRows<AuditEvent> = async (tx, rows) => {
  const events = rows.map(({ payload, acceptedAt }): DatedEvent => {
    const time = eventIdTime(payload.id);
    return { ...payload, createdAt: time?.known === 'ms' ? time.at : acceptedAt };
  });
  await auditEvents(tx).insert(events);
  return [];
};
