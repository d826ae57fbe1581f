import { isoTime } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { awaitDrained, intakeRows, quarantine } from '@oriontel/intake';
import { z } from 'zod';
import { cdrIntake, type CdrPayload } from '../parse/cdr-intake.ts';
import { submissions, type SubmissionCounts, type Submission } from './submission.repository.ts';

const count = z.int().min(0);

const SubmissionStatus = z.object({
  sgapi_reference: z.string(),
  accepted_at: z.iso.datetime(),
  stored_at: z.iso.datetime().nullable(),
  received: count,
  stored: count,
  duplicates: count,
  conflicts: count,
  quarantined: count,
  remote_reference: z
    .string()
    .nullable()
    .meta({ description: 'How the remote Service Gateway calls it, where it said so' }),
});
type SubmissionStatus = z.output<typeof SubmissionStatus>;

/** What has become of all that was sent under one index. */
export const BatchStatus = z
  .object({
    batch_id: z.string(),
    state: z.enum(['accepted', 'processing', 'stored', 'failed']).meta({
      description:
        'accepted: nothing stored yet; processing: some of it; stored: all of it has been seen to; failed: and none of it could be kept as CDRs',
    }),
    received: count.meta({ description: 'The sum of the four below and of what is on its way' }),
    stored: count,
    duplicates: count,
    conflicts: count.meta({
      description: 'The leg was stored before with other content; see /cdrs/quarantine',
    }),
    quarantined: count.meta({ description: 'Could not be read, or is impossible; see /cdrs/quarantine' }),
    submissions: z.array(SubmissionStatus).meta({ description: 'The latest 100, newest first' }),
  })
  .meta({
    id: 'BatchStatus',
    examples: [
      {
        batch_id: 'batch001',
        state: 'stored',
        received: 1,
        stored: 1,
        duplicates: 0,
        conflicts: 0,
        quarantined: 0,
        submissions: [],
      },
    ],
  });
export type BatchStatus = z.output<typeof BatchStatus>;

const MAX_SUBMISSIONS = 100;
const ZERO_COUNTS: SubmissionCounts = { received: 0, stored: 0, duplicates: 0, conflicts: 0, quarantined: 0 };

/** The batch as far as it is stored and as far as it is on its way; null where there never was one. */
export function batchStatus(db: Database) {
  return async function readBatchStatus(orgId: number, batchId: string): Promise<BatchStatus | null> {
    const waiting = await intakeRows(db).pending<CdrPayload>(cdrIntake.queue.name, orgId, {
      key: batchId,
      limit: MAX_SUBMISSIONS,
    });
    const sums = await submissions(db).batchTotals(orgId, batchId);
    if (!sums && !waiting.length) return poisonedStatus(db, orgId, batchId);
    const done = await submissions(db).findLatest(orgId, batchId, MAX_SUBMISSIONS);
    // What was drained between the two reads stands in both.
    const doneIds = new Set(done.map(({ id }) => id));
    const onTheWay = waiting.filter(({ id }) => !doneIds.has(id)).reverse();
    const { received, ...outcomes } = sums ?? ZERO_COUNTS;
    return {
      batch_id: batchId,
      state: batchStateOf(sums, onTheWay.length),
      received: received + onTheWay.reduce((sum, { payload }) => sum + countRecords(payload), 0),
      ...outcomes,
      submissions: [
        ...onTheWay.map(({ payload, acceptedAt }) => ({
          ...ZERO_COUNTS,
          sgapi_reference: payload.sgapiReference,
          accepted_at: isoTime(acceptedAt),
          stored_at: null,
          remote_reference: null,
          received: countRecords(payload),
        })),
        ...done.map(toSubmissionStatus),
      ].slice(0, MAX_SUBMISSIONS),
    };
  };
}

/** A batch that left no trace but in quarantine: its worker failed at it each time. */
async function poisonedStatus(db: Database, orgId: number, batchId: string): Promise<BatchStatus | null> {
  const items = await quarantine(db).list(cdrIntake.queue.name, orgId, {
    key: batchId,
    limit: MAX_SUBMISSIONS,
  });
  if (!items.length) return null;
  const received = items.reduce((sum, { payload }) => sum + countRecords(payload as CdrPayload), 0);
  return {
    batch_id: batchId,
    state: 'failed',
    ...ZERO_COUNTS,
    received,
    quarantined: received,
    submissions: [],
  };
}

function countRecords(payload: CdrPayload): number {
  return payload.format === 'platform' ? payload.records.length : 1;
}

function batchStateOf(sums: SubmissionCounts | null, waiting: number): BatchStatus['state'] {
  if (waiting) return sums ? 'processing' : 'accepted';
  return sums && sums.stored + sums.duplicates > 0 ? 'stored' : 'failed';
}

function toSubmissionStatus(submission: Submission): SubmissionStatus {
  const { sgapiReference, acceptedAt, storedAt, received, stored, duplicates, conflicts, quarantined } =
    submission;
  return {
    sgapi_reference: sgapiReference,
    accepted_at: isoTime(acceptedAt),
    stored_at: isoTime(storedAt),
    received,
    stored,
    duplicates,
    conflicts,
    quarantined,
    remote_reference: submission.remoteReference,
  };
}

/** Waits up to `seconds` for a submission to be stored; null where it is still on its way. */
export function awaitStored(db: Database) {
  return async function awaitSubmission(
    orgId: number,
    id: string,
    seconds: number,
  ): Promise<Submission | null> {
    const isDone = async () => !(await intakeRows(db).exists(id));
    return (await awaitDrained(isDone, seconds * 1000)) ? submissions(db).find(orgId, id) : null;
  };
}
