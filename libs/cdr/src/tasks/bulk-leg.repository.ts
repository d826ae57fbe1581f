import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { COUNTED_COLUMNS, countLegs } from '../calls/summary/summary-delta.repository.ts';
import type { CallLeg } from '../parse/call-leg.ts';
import type { StoredLeg } from '../parse/read-submission.ts';
import type { TimeRange } from './date-range.ts';

/** A position in the order of the table: start time, then id. */
export interface LegKey {
  time: Date;
  id: string;
}

/** The fields that reprocessing may change, and the key. */
export type LegUpdate = Pick<StoredLeg, 'id' | 'contentHash'> &
  Omit<CallLeg, 'callId' | 'source'> &
  Pick<StoredLeg, 'orgId' | 'source'>;

const COLUMNS = Prisma.sql`
  id,
  org_id AS "orgId",
  call_id AS "callId",
  leg,
  linked_call_id AS "linkedCallId",
  direction,
  caller,
  callee,
  caller_raw AS "callerRaw",
  callee_raw AS "calleeRaw",
  start_time AS "startTime",
  answer_time AS "answerTime",
  end_time AS "endTime",
  duration,
  billsec,
  disposition,
  hangup_cause AS "hangupCause",
  q850,
  sip_status AS "sipStatus",
  trunk_id AS "trunkId",
  source,
  batch_id AS "batchId",
  content_hash AS "contentHash",
  raw`;

/**
 * Bulk operations on the legs of a time range, in the order of the table. `orgId` null: all organizations.
 */
export function bulkLegs(db: Queryable) {
  return {
    async count(orgId: number | null, range: TimeRange): Promise<number> {
      const [row] = await db.$queryRaw<[{ legs: bigint }]>`
        SELECT count(*) AS legs
        FROM cdrs
        WHERE ${startedWithin(orgId, range)}`;
      return Number(row.legs);
    },

    /**
     * The next legs with their raw records: at most `limit` and about `maxBytes` of raw records, at least
     * one.
     */
    nextPage(
      orgId: number | null,
      range: TimeRange,
      { after, limit, maxBytes }: { after: LegKey | null; limit: number; maxBytes: number },
    ): Promise<StoredLeg[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM (
          SELECT
            *,
            sum(pg_column_size(raw)) OVER (ORDER BY start_time, id) - pg_column_size(raw) AS earlier
          FROM (
            SELECT *
            FROM cdrs
            WHERE ${startedWithin(orgId, range)}
              AND ${afterKey(after)}
            ORDER BY start_time, id
            LIMIT ${limit}::int
          ) AS picked
        ) AS measured
        WHERE earlier < ${maxBytes}::int
        ORDER BY start_time, id`;
    },

    /**
     * Writes reprocessed legs and updates the summary in one statement. Skips legs deleted meanwhile, and
     * keeps links set meanwhile. Returns the number of legs written.
     */
    async update(changes: LegUpdate[]): Promise<number> {
      if (!changes.length) return 0;
      const times = changes.map(({ startTime }) => startTime.getTime());
      const first = new Date(Math.min(...times));
      const last = new Date(Math.max(...times));
      const [row] = await db.$queryRaw<[{ written: number }]>`
        WITH given AS (
          SELECT *
          FROM json_to_recordset(${JSON.stringify(changes)}::json) AS leg(
            id uuid, "startTime" timestamptz, leg text, "linkedCallId" text, direction text, caller text,
            callee text, "callerRaw" text, "calleeRaw" text, "answerTime" timestamptz, "endTime" timestamptz,
            duration int, billsec int, disposition text, "hangupCause" text, q850 smallint,
            "sipStatus" smallint, "trunkId" text, "contentHash" text
          )
        ),
        old AS MATERIALIZED (
          SELECT id, ${COUNTED_COLUMNS}
          FROM cdrs
          WHERE (start_time, id) IN (SELECT "startTime", id FROM given)
            AND start_time BETWEEN ${first} AND ${last}
          ORDER BY id
          FOR UPDATE
        ),
        changed AS (
          UPDATE cdrs
          SET
            leg = given.leg,
            linked_call_id = COALESCE(given."linkedCallId", cdrs.linked_call_id),
            direction = given.direction,
            caller = given.caller,
            callee = given.callee,
            caller_raw = given."callerRaw",
            callee_raw = given."calleeRaw",
            answer_time = given."answerTime",
            end_time = given."endTime",
            duration = given.duration,
            billsec = given.billsec,
            disposition = given.disposition,
            hangup_cause = given."hangupCause",
            q850 = given.q850,
            sip_status = given."sipStatus",
            trunk_id = given."trunkId",
            content_hash = given."contentHash"
          FROM given
          JOIN old ON old.id = given.id
          WHERE cdrs.id = given.id
            AND cdrs.start_time = given."startTime"
            AND cdrs.start_time BETWEEN ${first} AND ${last}
          RETURNING
            cdrs.org_id, cdrs.start_time, cdrs.trunk_id, cdrs.source, cdrs.leg, cdrs.disposition, cdrs.billsec
        ),
        counted_out AS (${countLegs(Prisma.sql`old`, -1)}),
        counted_in AS (${countLegs(Prisma.sql`changed`, 1)})
        SELECT count(*)::int AS written
        FROM changed`;
      return row.written;
    },

    /**
     * Deletes the next `limit` legs and subtracts them from the summary. `last` is null if there were none.
     */
    async delete(
      orgId: number | null,
      range: TimeRange,
      { after, limit }: { after: LegKey | null; limit: number },
    ): Promise<{ deleted: number; last: LegKey | null }> {
      const [row] = await db.$queryRaw<
        [{ picked: number; deleted: number; time: Date | null; id: string | null }]
      >`
        WITH picked AS MATERIALIZED (
          SELECT start_time, id
          FROM cdrs
          WHERE ${startedWithin(orgId, range)}
            AND ${afterKey(after)}
          ORDER BY start_time, id
          LIMIT ${limit}::int
        ),
        removed AS (
          DELETE FROM cdrs
          WHERE (start_time, id) IN (SELECT start_time, id FROM picked)
            AND start_time >= (SELECT min(start_time) FROM picked)
            AND start_time <= (SELECT max(start_time) FROM picked)
          RETURNING ${COUNTED_COLUMNS}
        ),
        counted AS (${countLegs(Prisma.sql`removed`, -1)})
        SELECT
          (SELECT count(*)::int FROM picked) AS picked,
          (SELECT count(*)::int FROM removed) AS deleted,
          (SELECT max(start_time) FROM picked) AS time,
          (SELECT id FROM picked ORDER BY start_time DESC, id DESC LIMIT 1) AS id`;
      return { deleted: row.deleted, last: row.time && row.id ? { time: row.time, id: row.id } : null };
    },

    /**
     * Subtracts all legs of the range from the summary before their partition is dropped. Returns their
     * number.
     */
    async subtractFromSummary(range: TimeRange): Promise<number> {
      const [row] = await db.$queryRaw<[{ legs: number }]>`
        WITH removed AS MATERIALIZED (
          SELECT ${COUNTED_COLUMNS}
          FROM cdrs
          WHERE ${startedWithin(null, range)}
        ),
        counted AS (${countLegs(Prisma.sql`removed`, -1)})
        SELECT count(*)::float8 AS legs
        FROM removed`;
      return row.legs;
    },

    /** Whether another organization has a leg in the range. */
    async hasOtherOrgs(orgId: number, range: TimeRange): Promise<boolean> {
      const inRange = startedWithin(null, range);
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
        SELECT
          EXISTS (SELECT 1 FROM cdrs WHERE ${inRange} AND org_id < ${orgId}::int)
          OR EXISTS (SELECT 1 FROM cdrs WHERE ${inRange} AND org_id > ${orgId}::int) AS found`;
      return row.found;
    },

    /** Raises the statement timeout of the current transaction. */
    async setStatementTimeout(timeoutMs: number): Promise<void> {
      await db.$executeRaw`SELECT set_config('statement_timeout', ${String(timeoutMs)}, true)`;
    },
  };
}

function startedWithin(orgId: number | null, { from, before }: TimeRange): Prisma.Sql {
  return Prisma.join(
    [
      orgScope(orgId),
      ...(from ? [Prisma.sql`start_time >= ${from}`] : []),
      ...(before ? [Prisma.sql`start_time < ${before}`] : []),
    ],
    ' AND ',
  );
}

function afterKey(after: LegKey | null): Prisma.Sql {
  return after ? Prisma.sql`(start_time, id) > (${after.time}, ${after.id}::uuid)` : Prisma.sql`TRUE`;
}
