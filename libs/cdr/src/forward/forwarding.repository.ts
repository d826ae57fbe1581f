import type { Cursor } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';

/** The legs that one submission stored, to be forwarded. */
export interface NewForwarding {
  submissionId: string;
  orgId: number;
  batchId: string;
  /** Name that the client gave itself. */
  source: string;
  sgapiReference: string;
  requestId: string;
  acceptedAt: Date;
  /** Ids of the legs that were new; a duplicate was forwarded with the submission that stored it. */
  legs: string[];
}

/** A batch that one process sends until its lease ends. */
export interface ClaimedForwarding extends Omit<NewForwarding, 'acceptedAt'> {
  claim: string;
  /** Including the one that this claim starts. */
  attempts: number;
  firstTriedAt: Date;
}

/** A batch that was refused or given up. */
export interface DeadLetter extends Omit<NewForwarding, 'legs'> {
  records: number;
  attempts: number;
  reason: string;
  firstTriedAt: Date | null;
  finishedAt: Date;
}

/** Each up to `MAX_COUNTED`; delivered batches (`done`) are kept for a week. */
export interface ForwardingCounts {
  pending: number;
  done: number;
  dead: number;
}

/** From `from` (inclusive) to `before` (exclusive); null is unbounded. */
export interface AcceptedRange {
  from: Date | null;
  before: Date | null;
}

/** Upper limit of a count: counting more rows would take too long. */
export const MAX_COUNTED = 100_000;

type ForwardingState = 'pending' | 'done' | 'dead';
type ClaimKey = Pick<ClaimedForwarding, 'submissionId' | 'claim'>;

/** The row, unless another process has claimed it meanwhile. */
function matchesClaim({ submissionId, claim }: ClaimKey): Prisma.Sql {
  return Prisma.sql`submission_id = ${submissionId}::uuid AND claim = ${claim}::uuid`;
}

const BATCH_COLUMNS = Prisma.sql`
  submission_id AS "submissionId", org_id AS "orgId", batch_id AS "batchId", source,
  sgapi_reference AS "sgapiReference", request_id AS "requestId", attempts, first_tried_at AS "firstTriedAt"`;

const RESET_TO_PENDING = Prisma.sql`
  state = 'pending', attempts = 0, first_tried_at = NULL, reason = NULL, finished_at = NULL, due_at = now()`;

/** The outbox: batches to be forwarded to the remote Service Gateway. */
export function forwardings(db: Queryable) {
  return {
    async insert(batches: NewForwarding[]): Promise<void> {
      if (!batches.length) return;
      await db.$executeRaw`
        INSERT INTO cdr_forwardings
          (submission_id, org_id, batch_id, source, sgapi_reference, request_id, accepted_at, legs, records)
        SELECT "submissionId", "orgId", "batchId", source, "sgapiReference", "requestId", "acceptedAt", legs,
          cardinality(legs)
        FROM json_to_recordset(${JSON.stringify(batches)}::json) AS row(
          "submissionId" uuid, "orgId" int, "batchId" text, source text, "sgapiReference" text,
          "requestId" text, "acceptedAt" timestamptz, legs uuid[])`;
    },

    /** Claims up to `limit` due batches, the longest due first, and counts the attempt. */
    claim(claim: string, limit: number, leaseSeconds: number): Promise<ClaimedForwarding[]> {
      return db.$queryRaw`
        UPDATE cdr_forwardings
        SET claim = ${claim}::uuid,
          due_at = now() + make_interval(secs => ${leaseSeconds}::float8),
          attempts = attempts + 1,
          first_tried_at = COALESCE(first_tried_at, now())
        WHERE submission_id = ANY(ARRAY(
          SELECT submission_id
          FROM cdr_forwardings
          WHERE state = 'pending'
            AND due_at <= now()
          ORDER BY due_at
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))
        RETURNING ${BATCH_COLUMNS}, legs, claim`;
    },

    async markDelivered(batch: ClaimKey): Promise<void> {
      await db.$executeRaw`
        UPDATE cdr_forwardings
        SET state = 'done', claim = NULL, legs = '{}', reason = NULL, finished_at = now()
        WHERE ${matchesClaim(batch)}`;
    },

    async markDead(batch: ClaimKey, reason: string): Promise<void> {
      await db.$executeRaw`
        UPDATE cdr_forwardings
        SET state = 'dead', claim = NULL, reason = ${reason}, finished_at = now()
        WHERE ${matchesClaim(batch)}`;
    },

    async scheduleRetry(batch: ClaimKey, delaySeconds: number, reason: string): Promise<void> {
      await db.$executeRaw`
        UPDATE cdr_forwardings
        SET claim = NULL, reason = ${reason}, due_at = now() + make_interval(secs => ${delaySeconds}::float8)
        WHERE ${matchesClaim(batch)}`;
    },

    /** Undoes a claim. */
    async release(batch: ClaimKey): Promise<void> {
      await db.$executeRaw`
        UPDATE cdr_forwardings
        SET claim = NULL, attempts = attempts - 1, due_at = now()
        WHERE ${matchesClaim(batch)}`;
    },

    /** `orgId` null: of any organization. Returns null if not found. */
    async stateOf(orgId: number | null, submissionId: string): Promise<ForwardingState | null> {
      const [row] = await db.$queryRaw<{ state: ForwardingState }[]>`
        SELECT state
        FROM cdr_forwardings
        WHERE submission_id = ${submissionId}::uuid
          AND ${orgScope(orgId)}`;
      return row?.state ?? null;
    },

    /** Makes a dead letter pending. Returns whether it was one. */
    async redrive(orgId: number | null, submissionId: string): Promise<boolean> {
      const redriven = await db.$executeRaw`
        UPDATE cdr_forwardings
        SET ${RESET_TO_PENDING}
        WHERE submission_id = ${submissionId}::uuid
          AND state = 'dead'
          AND ${orgScope(orgId)}`;
      return redriven > 0;
    },

    /** Makes up to `limit` dead letters pending. Returns their number. */
    redriveChunk(orgId: number | null, { from, before }: AcceptedRange, limit: number): Promise<number> {
      return db.$executeRaw`
        UPDATE cdr_forwardings
        SET ${RESET_TO_PENDING}
        WHERE submission_id = ANY(ARRAY(
          SELECT submission_id
          FROM cdr_forwardings
          WHERE state = 'dead'
            AND ${orgScope(orgId)}
            AND (${from}::timestamptz IS NULL OR accepted_at >= ${from}::timestamptz)
            AND (${before}::timestamptz IS NULL OR accepted_at < ${before}::timestamptz)
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },

    async counts(orgId: number | null): Promise<ForwardingCounts> {
      const [row] = await db.$queryRaw<[ForwardingCounts]>`
        SELECT
          ${countOf('pending', orgId)} AS pending,
          ${countOf('done', orgId)} AS done,
          ${countOf('dead', orgId)} AS dead`;
      return row;
    },

    async oldestPending(orgId: number | null): Promise<Date | null> {
      const [row] = await db.$queryRaw<[{ oldest: Date | null }]>`
        SELECT min(accepted_at) AS oldest
        FROM cdr_forwardings
        WHERE state = 'pending'
          AND ${orgScope(orgId)}`;
      return row.oldest;
    },

    /** The latest accepted first. */
    deadLetters(
      orgId: number | null,
      { before, limit }: { before: Cursor | null; limit: number },
    ): Promise<DeadLetter[]> {
      const isBefore = before
        ? Prisma.sql`(accepted_at, submission_id) < (${before.time}, ${before.id}::uuid)`
        : Prisma.sql`TRUE`;
      return db.$queryRaw`
        SELECT ${BATCH_COLUMNS}, records, reason, accepted_at AS "acceptedAt", finished_at AS "finishedAt"
        FROM cdr_forwardings
        WHERE state = 'dead'
          AND ${orgScope(orgId)}
          AND ${isBefore}
        ORDER BY accepted_at DESC, submission_id DESC
        LIMIT ${limit}::int`;
    },

    /** Deletes up to `limit` batches that were delivered more than `days` days ago. Returns their number. */
    pruneDelivered(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM cdr_forwardings
        WHERE submission_id = ANY(ARRAY(
          SELECT submission_id
          FROM cdr_forwardings
          WHERE state = 'done'
            AND finished_at < now() - make_interval(days => ${days}::int)
          ORDER BY finished_at
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },
  };
}

function countOf(state: ForwardingState, orgId: number | null): Prisma.Sql {
  return Prisma.sql`(
    SELECT count(*)::int
    FROM (
      SELECT
      FROM cdr_forwardings
      WHERE state = ${state}
        AND ${orgScope(orgId)}
      LIMIT ${MAX_COUNTED}) AS counted)`;
}
