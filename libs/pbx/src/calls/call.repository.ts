import type { Page } from '@oriontel/contracts';
import { anyContains, orgScope, isUniqueViolation, Prisma, type Queryable } from '@oriontel/database';
import type { CallStatus, FoundCall } from './call.ts';

export type NewCallRow = Omit<
  FoundCall,
  'endTime' | 'duration' | 'recordingPath' | 'createdAt' | 'updatedAt'
>;

export interface CallFilter {
  status?: CallStatus | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  /** Substring of the caller, the recipient or the call_id, case-insensitive. */
  text?: string | undefined;
  callerId?: string | undefined;
  recipientId?: string | undefined;
  callId?: string | undefined;
}

/** The end of a call, taken from one of its legs. */
export interface CallClosing {
  orgId: number;
  callId: string;
  leg: 'a' | 'b';
  caller: string | null;
  callee: string | null;
  callerRaw: string | null;
  calleeRaw: string | null;
  startTime: Date;
  endTime: Date;
  duration: number;
  status: CallStatus;
}

/** The columns by which a leg can match its call. */
export interface CallKey {
  orgId: number;
  callId: string | null;
  callerId: string;
  recipientId: string;
}

/** A call_id learned from a CDR for a call stored without one. */
export interface CallIdAssignment {
  id: string;
  orgId: number;
  callId: string;
}

const COLUMNS = Prisma.sql`
  id, org_id AS "orgId", call_id AS "callId", caller_id AS "callerId", recipient_id AS "recipientId",
  start_time AS "startTime", end_time AS "endTime", duration, status, recording_path AS "recordingPath",
  created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Maximum clock difference between a PBX and its CDRs. */
const CLOCK_TOLERANCE = Prisma.sql`interval '5 s'`;

/** Not IS NULL: the planner would then scan all of these in the index of call_ids for each leg. */
const WITHOUT_CALL_ID = Prisma.sql`num_nulls(calls.call_id) = 1`;

const MAX_ASSIGN_ATTEMPTS = 3;

/** Repository of the calls table. A null `orgId` matches every organization. */
export function calls(db: Queryable) {
  return {
    /** @throws a unique violation if the organization has a call with this call_id */
    async create(row: NewCallRow): Promise<FoundCall> {
      const [created] = await db.$queryRaw<[FoundCall]>`
        INSERT INTO calls (id, org_id, call_id, caller_id, recipient_id, start_time, status)
        VALUES (
          ${row.id}::uuid, ${row.orgId}::int, ${row.callId}, ${row.callerId}, ${row.recipientId},
          ${row.startTime}::timestamptz, ${row.status})
        RETURNING ${COLUMNS}`;
      return created;
    },

    async find(orgId: number | null, id: string): Promise<FoundCall | null> {
      const [row] = await db.$queryRaw<FoundCall[]>`
        SELECT ${COLUMNS}
        FROM calls
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** `find` with a row lock until the transaction ends. */
    async findForUpdate(orgId: number | null, id: string): Promise<FoundCall | null> {
      const [row] = await db.$queryRaw<FoundCall[]>`
        SELECT ${COLUMNS}
        FROM calls
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}
        FOR UPDATE`;
      return row ?? null;
    },

    /** Writes the mutable columns of a call that the transaction has locked. */
    async save({ id, status, endTime, duration, recordingPath }: FoundCall): Promise<FoundCall> {
      const [row] = await db.$queryRaw<[FoundCall]>`
        UPDATE calls
        SET
          status = ${status},
          end_time = ${endTime}::timestamptz,
          duration = ${duration}::int,
          recording_path = ${recordingPath},
          updated_at = clock_timestamp()
        WHERE id = ${id}::uuid
        RETURNING ${COLUMNS}`;
      return row;
    },

    /** Newest first. */
    search(orgId: number | null, filter: CallFilter, { limit, offset }: Page): Promise<FoundCall[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM calls
        WHERE ${matchConditions(orgId, filter)}
        ORDER BY start_time DESC, id DESC
        LIMIT ${limit}::int
        OFFSET ${offset}::int`;
    },

    async count(orgId: number | null, filter: CallFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM calls
        WHERE ${matchConditions(orgId, filter)}`;
      return row.count;
    },

    /** The keys of at most `limit` active calls. */
    listActiveKeys(orgIds: number[], limit: number): Promise<CallKey[]> {
      return db.$queryRaw`
        SELECT
          org_id AS "orgId", call_id AS "callId", caller_id AS "callerId", recipient_id AS "recipientId"
        FROM calls
        WHERE status = 'active'
          AND org_id = ANY(${orgIds}::int[])
        LIMIT ${limit}::int`;
    },

    /**
     * Ends the matching active calls and returns the call_ids that calls stored without one have thereby got.
     * Idempotent: a leg whose call_id is known, whatever the status of that call, is never matched by
     * numbers. Among calls and legs with the same numbers, a leg takes the nearest call that it is as near
     * to, by rank, as the call is to it; equal distances are ranked in order. Calls are locked by id, so that
     * concurrent batches cannot deadlock.
     */
    close(closings: CallClosing[]): Promise<CallIdAssignment[]> {
      return db.$queryRaw`
        WITH leg AS (
          SELECT row_number() OVER () AS n, *
          FROM json_to_recordset(${JSON.stringify(closings)}::json) AS leg(
            "orgId" int, "callId" text, leg text, caller text, callee text, "callerRaw" text,
            "calleeRaw" text, "startTime" timestamptz, "endTime" timestamptz, duration int, status text)
        ), named AS (
          SELECT DISTINCT ON (calls.id) calls.id, leg.*
          FROM leg
          JOIN calls
            ON calls.org_id = leg."orgId"
            AND calls.call_id = leg."callId"
            AND calls.status = 'active'
          ORDER BY calls.id, leg.leg, leg."startTime", leg.n
        ), candidate AS (
          SELECT
            calls.id,
            leg.*,
            row_number() OVER (PARTITION BY leg.n ORDER BY distance, calls.start_time, calls.id) AS call_rank,
            row_number() OVER (PARTITION BY calls.id ORDER BY distance, leg."startTime", leg.n) AS leg_rank
          FROM leg
          JOIN calls
            ON calls.org_id = leg."orgId"
            AND calls.status = 'active'
            AND ${WITHOUT_CALL_ID}
            AND calls.start_time
              BETWEEN leg."startTime" - ${CLOCK_TOLERANCE}
              AND leg."startTime" + ${CLOCK_TOLERANCE}
            AND calls.caller_id IN (leg.caller, leg."callerRaw")
            AND calls.recipient_id IN (leg.callee, leg."calleeRaw")
          CROSS JOIN LATERAL abs(extract(epoch FROM calls.start_time - leg."startTime")) AS distance
          WHERE leg.leg = 'a'
            AND NOT EXISTS (
              SELECT
              FROM calls AS known
              WHERE known.org_id = leg."orgId"
                AND known.call_id = leg."callId")
        ), chosen AS (
          SELECT DISTINCT ON (n) *
          FROM candidate
          WHERE call_rank = leg_rank
          ORDER BY n, call_rank
        ), pair AS (
          SELECT id, "orgId", "callId", "endTime", duration, status
          FROM named
          UNION ALL (
            SELECT DISTINCT ON (id) id, "orgId", "callId", "endTime", duration, status
            FROM chosen
            ORDER BY id, call_rank)
        ), locked AS (
          SELECT pair.*
          FROM pair
          JOIN calls USING (id)
          WHERE calls.status = 'active'
          ORDER BY id
          FOR UPDATE OF calls
        ), closed AS (
          UPDATE calls
          SET
            status = locked.status,
            end_time = greatest(locked."endTime", calls.start_time),
            duration = locked.duration,
            updated_at = clock_timestamp()
          FROM locked
          WHERE calls.id = locked.id
            AND calls.status = 'active'
          RETURNING calls.id, "orgId", calls.call_id, "callId"
        )
        SELECT id, "orgId", "callId"
        FROM closed
        WHERE call_id IS NULL`;
    },

    /** Assigns call_ids that no other call of the organization has. Must run in a transaction. */
    async assignCallIds(assignments: CallIdAssignment[]): Promise<void> {
      for (let attempt = 1; attempt <= MAX_ASSIGN_ATTEMPTS; attempt += 1)
        if (await tryAssignCallIds(db, assignments)) return;
    },
  };
}

/**
 * Returns false if a concurrent insert took one of the call_ids: storing a CDR must not fail because of it.
 */
async function tryAssignCallIds(db: Queryable, assignments: CallIdAssignment[]): Promise<boolean> {
  await db.$executeRaw`SAVEPOINT assign_call_ids`;
  try {
    await db.$executeRaw`
      WITH assignment AS (
        SELECT DISTINCT ON ("orgId", "callId") *
        FROM json_to_recordset(${JSON.stringify(assignments)}::json)
          AS assignment(id uuid, "orgId" int, "callId" text)
        ORDER BY "orgId", "callId", id
      )
      UPDATE calls
      SET call_id = assignment."callId"
      FROM assignment
      WHERE calls.id = assignment.id
        AND calls.call_id IS NULL
        AND NOT EXISTS (
          SELECT
          FROM calls AS known
          WHERE known.org_id = assignment."orgId"
            AND known.call_id = assignment."callId")`;
    return true;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await db.$executeRaw`ROLLBACK TO SAVEPOINT assign_call_ids`;
    return false;
  }
}

function matchConditions(orgId: number | null, filter: CallFilter): Prisma.Sql {
  const { status, from, to, text, callerId, recipientId, callId } = filter;
  const conditions = [
    // A literal, as in the predicate of the partial index: a parameter would not match it.
    status === 'active' && Prisma.sql`status = 'active'`,
    status !== undefined && status !== 'active' && Prisma.sql`status = ${status}`,
    from && Prisma.sql`start_time >= ${from}::timestamptz`,
    to && Prisma.sql`start_time <= ${to}::timestamptz`,
    text !== undefined &&
      anyContains([Prisma.sql`caller_id`, Prisma.sql`recipient_id`, Prisma.sql`call_id`], text),
    callerId !== undefined && Prisma.sql`caller_id = ${callerId}`,
    recipientId !== undefined && Prisma.sql`recipient_id = ${recipientId}`,
    callId !== undefined && Prisma.sql`call_id = ${callId}`,
  ].filter((condition) => !!condition);
  return Prisma.join([orgScope(orgId), ...conditions], ' AND ');
}
