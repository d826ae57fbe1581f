import type { Cursor } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';

/** What one submission stored, to be sent on. */
export interface NewForwarding {
  submissionId: string;
  orgId: number;
  batchId: string;
  /** As the sender named itself. */
  source: string;
  sgapiReference: string;
  requestId: string;
  acceptedAt: Date;
  /** Ids of the legs that were new; a duplicate went with the submission that stored it. */
  legs: string[];
}

/** A batch in the hand of one sender, until its lease ends. */
export interface ClaimedForwarding extends Omit<NewForwarding, 'acceptedAt'> {
  claim: string;
  /** This one included. */
  attempts: number;
  firstTriedAt: Date;
}

/** A batch that was given up. */
export interface DeadLetter extends Omit<NewForwarding, 'legs'> {
  records: number;
  attempts: number;
  reason: string;
  firstTriedAt: Date | null;
  finishedAt: Date;
}

/** Of one organization or of all; `done` are those of the last days. */
export interface ForwardingCounts {
  pending: number;
  done: number;
  dead: number;
}

/** What was accepted from `from` on and before `before`; null is open. */
export interface AcceptedRange {
  from: Date | null;
  before: Date | null;
}

/** Counting goes no further. */
export const MAX_COUNTED = 100_000;

/** The claim itself, and that it is still the one. */
type ClaimKey = Pick<ClaimedForwarding, 'submissionId' | 'claim'>;

function matchesClaim({ submissionId, claim }: ClaimKey): Prisma.Sql {
  return Prisma.sql`submission_id = ${submissionId}::uuid AND claim = ${claim}::uuid`;
}

const BATCH_COLUMNS = Prisma.sql`submission_id AS "submissionId", org_id AS "orgId", batch_id AS "batchId", source,
  sgapi_reference AS "sgapiReference", request_id AS "requestId", attempts, first_tried_at AS "firstTriedAt"`;

/** Puts a batch back among those to be sent, as if it had never been tried. */
const RESET_TO_PENDING = Prisma.sql`state = 'pending', attempts = 0, first_tried_at = NULL, reason = NULL, finished_at = NULL, due_at = now()`;

/** The only file that speaks to cdr_forwardings. */
export function forwardings(db: Queryable) {
  return {
    async insert(batches: NewForwarding[]): Promise<void> {
      if (!batches.length) return;
      await db.$executeRaw`
      INSERT INTO cdr_forwardings (submission_id, org_id, batch_id, source, sgapi_reference, request_id, accepted_at, legs, records)
      SELECT "submissionId", "orgId", "batchId", source, "sgapiReference", "requestId", "acceptedAt", legs, cardinality(legs)
      FROM json_to_recordset(${JSON.stringify(batches)}::json) AS row("submissionId" uuid, "orgId" int, "batchId" text,
        source text, "sgapiReference" text, "requestId" text, "acceptedAt" timestamptz, legs uuid[])`;
    },

    /** Takes those longest due, for `lease` seconds; what another sender has in hand is left to it. Counts the try. */
    claim(claim: string, limit: number, lease: number): Promise<ClaimedForwarding[]> {
      return db.$queryRaw`
    UPDATE cdr_forwardings SET claim = ${claim}::uuid, due_at = now() + make_interval(secs => ${lease}::float8),
      attempts = attempts + 1, first_tried_at = COALESCE(first_tried_at, now())
    WHERE submission_id = ANY(ARRAY(
      SELECT submission_id FROM cdr_forwardings WHERE state = 'pending' AND due_at <= now()
      ORDER BY due_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))
    RETURNING ${BATCH_COLUMNS}, legs, claim`;
    },

    async markDelivered(batch: ClaimKey): Promise<void> {
      await db.$executeRaw`
      UPDATE cdr_forwardings SET state = 'done', claim = NULL, legs = '{}', reason = NULL, finished_at = now() WHERE ${matchesClaim(batch)}`;
    },

    async markDead(batch: ClaimKey, reason: string): Promise<void> {
      await db.$executeRaw`
      UPDATE cdr_forwardings SET state = 'dead', claim = NULL, reason = ${reason}, finished_at = now() WHERE ${matchesClaim(batch)}`;
    },

    /** Seconds. */
    async scheduleRetry(batch: ClaimKey, delay: number, reason: string): Promise<void> {
      await db.$executeRaw`
      UPDATE cdr_forwardings SET claim = NULL, reason = ${reason}, due_at = now() + make_interval(secs => ${delay}::float8)
      WHERE ${matchesClaim(batch)}`;
    },

    /** As if it had not been taken. */
    async release(batch: ClaimKey): Promise<void> {
      await db.$executeRaw`
      UPDATE cdr_forwardings SET claim = NULL, attempts = attempts - 1, due_at = now() WHERE ${matchesClaim(batch)}`;
    },

    /** Whether there is one in this state to be seen; null where there is none at all. `orgId` null: of any organization. */
    async stateOf(orgId: number | null, submissionId: string): Promise<'pending' | 'done' | 'dead' | null> {
      const [row] = await db.$queryRaw<{ state: 'pending' | 'done' | 'dead' }[]>`
      SELECT state FROM cdr_forwardings WHERE submission_id = ${submissionId}::uuid AND ${orgScope(orgId)}`;
      return row?.state ?? null;
    },

    /** Whether it was a dead letter. */
    async redrive(orgId: number | null, submissionId: string): Promise<boolean> {
      return (
        (await db.$executeRaw`
      UPDATE cdr_forwardings SET ${RESET_TO_PENDING} WHERE submission_id = ${submissionId}::uuid AND state = 'dead' AND ${orgScope(orgId)}`) >
        0
      );
    },

    /** So many of the dead letters accepted in the range. Returns how many there were. */
    redriveChunk(orgId: number | null, { from, before }: AcceptedRange, limit: number): Promise<number> {
      return db.$executeRaw`
      UPDATE cdr_forwardings SET ${RESET_TO_PENDING} WHERE submission_id = ANY(ARRAY(
        SELECT submission_id FROM cdr_forwardings WHERE state = 'dead' AND ${orgScope(orgId)}
          AND (${from}::timestamptz IS NULL OR accepted_at >= ${from}::timestamptz)
          AND (${before}::timestamptz IS NULL OR accepted_at < ${before}::timestamptz)
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },

    /** Each up to MOST_COUNTED. */
    async counts(orgId: number | null): Promise<ForwardingCounts> {
      function count(state: string) {
        return Prisma.sql`(SELECT count(*)::int FROM (
      SELECT FROM cdr_forwardings WHERE state = ${state} AND ${orgScope(orgId)} LIMIT ${MAX_COUNTED}) AS counted)`;
      }
      const [row] = await db.$queryRaw<[ForwardingCounts]>`
      SELECT ${count('pending')} AS pending, ${count('done')} AS done, ${count('dead')} AS dead`;
      return row;
    },

    async oldestPending(orgId: number | null): Promise<Date | null> {
      const [row] = await db.$queryRaw<[{ oldest: Date | null }]>`
      SELECT min(accepted_at) AS oldest FROM cdr_forwardings WHERE state = 'pending' AND ${orgScope(orgId)}`;
      return row.oldest;
    },

    /** Those accepted last first. */
    deadLetters(
      orgId: number | null,
      { before, limit }: { before: Cursor | null; limit: number },
    ): Promise<DeadLetter[]> {
      return db.$queryRaw`
    SELECT ${BATCH_COLUMNS}, records, reason, accepted_at AS "acceptedAt", finished_at AS "finishedAt" FROM cdr_forwardings
    WHERE state = 'dead' AND ${orgScope(orgId)} AND ${before ? Prisma.sql`(accepted_at, submission_id) < (${before.time}, ${before.id}::uuid)` : Prisma.sql`TRUE`}
    ORDER BY accepted_at DESC, submission_id DESC LIMIT ${limit}::int`;
    },

    /** So many of those that arrived more than `days` ago. Returns how many there were. */
    pruneDelivered(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
    DELETE FROM cdr_forwardings WHERE submission_id = ANY(ARRAY(
      SELECT submission_id FROM cdr_forwardings WHERE state = 'done' AND finished_at < now() - make_interval(days => ${days}::int)
      ORDER BY finished_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },
  };
}
