import { isoTime } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { awaitDrained, intakeRows, quarantine } from '@oriontel/intake';
import { z } from 'zod';
import { cdrIntake } from '../parse/cdr-intake.ts';
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
    .meta({ description: 'Reference of the remote Service Gateway, if it returned one' }),
});
type SubmissionStatus = z.output<typeof SubmissionStatus>;

/** The status of a batch: the sums over all its submissions. */
export const BatchStatus = z
  .object({
    batch_id: z.string(),
    state: z.enum(['accepted', 'processing', 'stored', 'failed']).meta({
      description:
        'accepted: no submission is processed yet; processing: some are; ' +
        'stored: all are; failed: all are, and none contained a valid CDR',
    }),
    received: count.meta({ description: 'The sum of the four counts below and of pending records' }),
    stored: count,
    duplicates: count,
    conflicts: count.meta({
      description: 'Legs that are stored with other content; see /cdrs/quarantine',
    }),
    quarantined: count.meta({ description: 'Unreadable or invalid records; see /cdrs/quarantine' }),
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

/** Reads the status of a batch from its stored and pending submissions; null if there are none. */
export function batchStatus(db: Database) {
  return async function readBatchStatus(orgId: number, batchId: string): Promise<BatchStatus | null> {
    const rows = await intakeRows(db).pendingEntries(cdrIntake.queue.name, orgId, batchId, MAX_SUBMISSIONS);
    const sums = await submissions(db).batchTotals(orgId, batchId);
    if (!sums && !rows.length) return poisonedStatus(db, orgId, batchId);
    const done = await submissions(db).findLatest(orgId, batchId, MAX_SUBMISSIONS);
    // A submission that was drained between the two reads is in both.
    const doneIds = new Set(done.map(({ id }) => id));
    const pending = rows.filter(({ id }) => !doneIds.has(id)).reverse();
    const { received, ...outcomes } = sums ?? ZERO_COUNTS;
    return {
      batch_id: batchId,
      state: batchStateOf(sums, pending.length),
      received: received + sumItems(pending),
      ...outcomes,
      submissions: [
        ...pending.map(({ items, reference, acceptedAt }) => ({
          ...ZERO_COUNTS,
          sgapi_reference: reference ?? '',
          accepted_at: isoTime(acceptedAt),
          stored_at: null,
          remote_reference: null,
          received: items,
        })),
        ...done.map(toSubmissionStatus),
      ].slice(0, MAX_SUBMISSIONS),
    };
  };
}

/** The status of a batch that exists in quarantine only: every attempt to store it failed. */
async function poisonedStatus(db: Database, orgId: number, batchId: string): Promise<BatchStatus | null> {
  const items = await quarantine(db).list(cdrIntake.queue.name, orgId, {
    key: batchId,
    limit: MAX_SUBMISSIONS,
  });
  if (!items.length) return null;
  const received = sumItems(items);
  return {
    batch_id: batchId,
    state: 'failed',
    ...ZERO_COUNTS,
    received,
    quarantined: received,
    submissions: [],
  };
}

function sumItems(rows: { items: number }[]): number {
  return rows.reduce((sum, { items }) => sum + items, 0);
}

function batchStateOf(sums: SubmissionCounts | null, pending: number): BatchStatus['state'] {
  if (pending) return sums ? 'processing' : 'accepted';
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

/** Waits up to `seconds` for a submission to be stored; null if it is still pending. */
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
