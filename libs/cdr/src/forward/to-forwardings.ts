import type { ClassifiedRecord } from '../batches/classified-record.ts';
import type { NewForwarding } from './forwarding.repository.ts';

/** One forwarding per submission that stored new legs. */
export function toForwardings(records: ClassifiedRecord[]): NewForwarding[] {
  const batches = new Map<string, NewForwarding>();
  for (const { row, record, outcome } of records) {
    if (outcome !== 'stored' || !record.ok) continue;
    const batch = batches.get(row.id) ?? toForwarding(row);
    batch.legs.push(record.leg.id);
    batches.set(row.id, batch);
  }
  return [...batches.values()];
}

function toForwarding({ id, orgId, requestId, acceptedAt, payload }: ClassifiedRecord['row']): NewForwarding {
  const { batchId, source, sgapiReference } = payload;
  return { submissionId: id, orgId, batchId, source, sgapiReference, requestId, acceptedAt, legs: [] };
}
