import type { IntakeRow } from '@oriontel/intake';
import type { CdrPayload } from '../cdr-intake.ts';
import type { ReadRecord } from '../read-submission.ts';
import type { NewForwarding } from './forwarding.repository.ts';

interface Judged {
  row: IntakeRow<CdrPayload>;
  record: ReadRecord;
  fate: string;
}

/** What each submission stored, to be sent on; one that stored nothing new has nothing to tell. */
export const forwardingsOf = (judged: Judged[]): NewForwarding[] => {
  const batches = new Map<string, NewForwarding>();
  for (const { row, record, fate } of judged) {
    if (fate !== 'stored' || !record.ok) continue;
    const batch = batches.get(row.id) ?? forwardingOf(row);
    batch.legs.push(record.leg.id);
    batches.set(row.id, batch);
  }
  return [...batches.values()];
};

const forwardingOf = ({ id, orgId, requestId, acceptedAt, payload }: Judged['row']): NewForwarding => {
  const { batchId, source, sgapiReference } = payload;
  return { submissionId: id, orgId, batchId, source, sgapiReference, requestId, acceptedAt, legs: [] };
};
