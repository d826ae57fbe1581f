import type { IntakeRow } from '@oriontel/intake';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import type { ReadRecord } from '../parse/read-submission.ts';
import type { SubmissionCounts } from './submission.repository.ts';

/** One record of a submission and its outcome. */
export interface ClassifiedRecord {
  row: IntakeRow<CdrPayload>;
  record: ReadRecord;
  outcome: Exclude<keyof SubmissionCounts, 'received'>;
}
