import type { Page } from '@oriontel/contracts';
import { anyContains, orgScope, isUniqueViolation, Prisma, type Queryable } from '@oriontel/database';
import type { CallStatus, FoundCall } from './call.ts';

export type NewCallRow = Omit<
  FoundCall,
  'endTime' | 'duration' | 'recordingPath' | 'createdAt' | 'updatedAt'
>;

/** What a search may ask for. */
export interface CallFilter {
  status?: CallStatus | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  /** Part of the caller, the recipient or the call_id. */
  text?: string | undefined;
  callerId?: string | undefined;
  recipientId?: string | undefined;
  callId?: string | undefined;
}

/** How a leg says that its call ended. */
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

/** By what a leg may find its call. */
export interface CallKey {
  orgId: number;
  callId: string | null;
  callerId: string;
  recipientId: string;
}

/** The call_id that a call turned out to have. */
export interface CallIdAssignment {
  id: string;
  orgId: number;
  callId: string;
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", call_id AS "callId", caller_id AS "callerId",
  recipient_id AS "recipientId", start_time AS "startTime", end_time AS "endTime", duration, status,
  recording_path AS "recordingPath", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** How far the clocks of the PBX and its CDRs may be apart. */
const CLOCK_TOLERANCE = Prisma.sql`interval '5 s'`;

/** Not IS NULL: for each leg the planner would read all of these in the index of call_ids. */
const WITHOUT_CALL_ID = Prisma.sql`num_nulls(calls.call_id) = 1`;

/** The only file that speaks to the calls table. */
export function calls(db: Queryable) {
  return {
    async create(row: NewCallRow): Promise<FoundCall> {
      const [made] = await db.$queryRaw<[FoundCall]>`
      INSERT INTO calls (id, org_id, call_id, caller_id, recipient_id, start_time, status)
      VALUES (${row.id}::uuid, ${row.orgId}::int, ${row.callId}, ${row.callerId}, ${row.recipientId},
        ${row.startTime}::timestamptz, ${row.status})
      RETURNING ${COLUMNS}`;
      return made;
    },

    async find(orgId: number | null, id: string): Promise<FoundCall | null> {
      const [row] = await db.$queryRaw<FoundCall[]>`
      SELECT ${COLUMNS} FROM calls WHERE id = ${id}::uuid AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** Locked until the transaction ends. */
    async findForUpdate(orgId: number | null, id: string): Promise<FoundCall | null> {
      const [row] = await db.$queryRaw<FoundCall[]>`
      SELECT ${COLUMNS} FROM calls WHERE id = ${id}::uuid AND ${orgScope(orgId)} FOR UPDATE`;
      return row ?? null;
    },

    /** What may change of a call that is locked. */
    async save({ id, status, endTime, duration, recordingPath }: FoundCall): Promise<FoundCall> {
      const [row] = await db.$queryRaw<[FoundCall]>`
      UPDATE calls SET status = ${status}, end_time = ${endTime}::timestamptz, duration = ${duration}::int,
        recording_path = ${recordingPath}, updated_at = clock_timestamp()
      WHERE id = ${id}::uuid RETURNING ${COLUMNS}`;
      return row;
    },

    /** Newest first. */
    search(orgId: number | null, filter: CallFilter, { limit, offset }: Page): Promise<FoundCall[]> {
      return db.$queryRaw`
      SELECT ${COLUMNS} FROM calls WHERE ${where(orgId, filter)}
      ORDER BY start_time DESC, id DESC LIMIT ${limit}::int OFFSET ${offset}::int`;
    },

    async count(orgId: number | null, filter: CallFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM calls WHERE ${where(orgId, filter)}`;
      return row.count;
    },

    /** By what the active calls can be found, of at most `limit` of them. */
    listActiveKeys(orgIds: number[], limit: number): Promise<CallKey[]> {
      return db.$queryRaw`
    SELECT org_id AS "orgId", call_id AS "callId", caller_id AS "callerId", recipient_id AS "recipientId" FROM calls
    WHERE status = 'active' AND org_id = ANY(${orgIds}::int[]) LIMIT ${limit}::int`;
    },

    /**
     * Ends active calls and returns those that the closing gave a call_id to have. A call_id that is known, whatever became
     * of its call, is never looked for by its numbers: so the same closings again change nothing. Of the calls and legs
     * of the same numbers each finds the nearest that has not found a nearer one; equal ones are paired in their order.
     * Calls are locked by id, so that two batches cannot deadlock.
     */
    close(closings: CallClosing[]): Promise<CallIdAssignment[]> {
      return db.$queryRaw`
    WITH leg AS (
      SELECT row_number() OVER () AS n, * FROM json_to_recordset(${JSON.stringify(closings)}::json) AS leg("orgId" int,
        "callId" text, leg text, caller text, callee text, "callerRaw" text, "calleeRaw" text, "startTime" timestamptz,
        "endTime" timestamptz, duration int, status text)
    ), named AS (
      SELECT DISTINCT ON (calls.id) calls.id, leg.*
      FROM leg JOIN calls ON calls.org_id = leg."orgId" AND calls.call_id = leg."callId" AND calls.status = 'active'
      ORDER BY calls.id, leg.leg, leg."startTime", leg.n
    ), candidate AS (
      SELECT calls.id, leg.*,
        row_number() OVER (PARTITION BY leg.n ORDER BY distance, calls.start_time, calls.id) AS call_rank,
        row_number() OVER (PARTITION BY calls.id ORDER BY distance, leg."startTime", leg.n) AS leg_rank
      FROM leg JOIN calls ON calls.org_id = leg."orgId" AND calls.status = 'active' AND ${WITHOUT_CALL_ID}
        AND calls.start_time BETWEEN leg."startTime" - ${CLOCK_TOLERANCE} AND leg."startTime" + ${CLOCK_TOLERANCE}
        AND calls.caller_id IN (leg.caller, leg."callerRaw") AND calls.recipient_id IN (leg.callee, leg."calleeRaw")
        CROSS JOIN LATERAL abs(extract(epoch FROM calls.start_time - leg."startTime")) AS distance
      WHERE leg.leg = 'a'
        AND NOT EXISTS (SELECT FROM calls AS known WHERE known.org_id = leg."orgId" AND known.call_id = leg."callId")
    ), chosen AS (
      SELECT DISTINCT ON (n) * FROM candidate WHERE call_rank = leg_rank ORDER BY n, call_rank
    ), pair AS (
      SELECT id, "orgId", "callId", "endTime", duration, status FROM named UNION ALL
      (SELECT DISTINCT ON (id) id, "orgId", "callId", "endTime", duration, status FROM chosen ORDER BY id, call_rank)
    ), locked AS (
      SELECT pair.* FROM pair JOIN calls USING (id) WHERE calls.status = 'active' ORDER BY id FOR UPDATE OF calls
    ), closed AS (
      UPDATE calls SET status = locked.status, end_time = greatest(locked."endTime", calls.start_time),
        duration = locked.duration, updated_at = clock_timestamp()
      FROM locked WHERE calls.id = locked.id AND calls.status = 'active'
      RETURNING calls.id, "orgId", calls.call_id, "callId"
    ) SELECT id, "orgId", "callId" FROM closed WHERE call_id IS NULL`;
    },

    /** Gives calls the call_id they turned out to have, where no other has it. In a transaction. */
    async assignCallIds(namings: CallIdAssignment[]): Promise<void> {
      for (let tries = 3; tries > 0; tries -= 1) if (await tryAssignCallIds(db, namings)) return;
    },
  };
}

/** Whether nobody else took one of the names at the same moment: a CDR must not fail for it. */
async function tryAssignCallIds(db: Queryable, namings: CallIdAssignment[]): Promise<boolean> {
  await db.$executeRaw`SAVEPOINT naming`;
  try {
    await db.$executeRaw`
      UPDATE calls SET call_id = naming."callId"
      FROM (SELECT DISTINCT ON ("orgId", "callId") * FROM json_to_recordset(${JSON.stringify(namings)}::json)
        AS naming(id uuid, "orgId" int, "callId" text) ORDER BY "orgId", "callId", id) AS naming
      WHERE calls.id = naming.id AND calls.call_id IS NULL AND NOT EXISTS (
        SELECT FROM calls AS known WHERE known.org_id = naming."orgId" AND known.call_id = naming."callId")`;
    return true;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await db.$executeRaw`ROLLBACK TO SAVEPOINT naming`;
    return false;
  }
}

function where(orgId: number | null, filter: CallFilter): Prisma.Sql {
  const { status, from, to, text, callerId, recipientId, callId } = filter;
  const conditions = [
    // In these words its index knows it.
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
