import type { IntakeRow } from '@oriontel/intake';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import type { ReadRecord } from '../parse/read-submission.ts';
import type { NewForwarding } from './forwarding.repository.ts';

interface ClassifiedRecord {
  row: IntakeRow<CdrPayload>;
  record: ReadRecord;
  outcome: string;
}

/** What each submission stored, to be sent on; one that stored nothing new has nothing to tell. */
export function toForwardings(judged: ClassifiedRecord[]): NewForwarding[] {
  const batches = new Map<string, NewForwarding>();
  for (const { row, record, outcome } of judged) {
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
