import type { Cursor } from '@oriontel/contracts';
import { orgScope, Prisma, UNPREPARED, type Queryable } from '@oriontel/database';
import { startTimeOf } from '../parse/cdr-id.ts';
import type { StoredLeg } from '../parse/read-submission.ts';
import { afterCursor, conditions, indexedConditions, type CallFilter } from './call-filter.repository.ts';
import type { Span } from './summary/split-range.ts';
import { hasPrefix, searchWindows } from './search-windows.ts';
import { COUNTED_COLUMNS, countLegs } from './summary/summary-delta.repository.ts';

/** A leg as the API shows it. */
export type FoundLeg = Omit<StoredLeg, 'contentHash' | 'raw'>;

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
  batch_id AS "batchId"`;

/** Reads and writes single legs and pages of legs in the cdrs table. */
export function callRecords(db: Queryable) {
  return {
    /**
     * Inserts the legs that are not stored yet, counts them in the summary and returns their ids. Pass legs
     * in id order to avoid deadlocks. `newLegs` stores many at a lower cost.
     */
    async insert(legs: StoredLeg[]): Promise<Set<string>> {
      const [row] = await db.$queryRaw<[{ ids: string[] | null }]>`
        WITH stored AS (
          INSERT INTO cdrs (
            id, org_id, call_id, leg, linked_call_id, direction, caller, callee, caller_raw, callee_raw,
            start_time, answer_time, end_time, duration, billsec, disposition, hangup_cause, q850,
            sip_status, trunk_id, source, batch_id, content_hash, raw
          )
          SELECT
            id, "orgId", "callId", leg, "linkedCallId", direction, caller, callee, "callerRaw", "calleeRaw",
            "startTime", "answerTime", "endTime", duration, billsec, disposition, "hangupCause", q850,
            "sipStatus", "trunkId", source, "batchId", "contentHash", raw::json
          FROM json_to_recordset(${toInsertJson(legs)}::json) AS leg(
            id uuid, "orgId" int, "callId" text, leg text, "linkedCallId" text, direction text,
            caller text, callee text, "callerRaw" text, "calleeRaw" text,
            "startTime" timestamptz, "answerTime" timestamptz, "endTime" timestamptz,
            duration int, billsec int, disposition text, "hangupCause" text, q850 smallint,
            "sipStatus" smallint, "trunkId" text, source text, "batchId" text, "contentHash" text, raw text
          )
          ON CONFLICT DO NOTHING
          RETURNING id, ${COUNTED_COLUMNS}
        ),
        counted AS (${countLegs(Prisma.sql`stored`, 1)})
        SELECT json_agg(id) AS ids
        FROM stored`;
      return new Set(row.ids);
    },

    /** The content hashes of the legs that are stored, by id. */
    async contentHashesOf(ids: string[]): Promise<Map<string, string>> {
      const rows = await db.$queryRaw<{ id: string; contentHash: string }[]>`
        SELECT id, content_hash AS "contentHash"
        FROM cdrs
        WHERE id = ANY(${ids}::uuid[])
          AND start_time = ANY(${startTimesOf(ids)}::timestamptz[])`;
      return new Map(rows.map(({ id, contentHash }) => [id, contentHash]));
    },

    async find(orgId: number | null, id: string): Promise<FoundLeg | null> {
      const [row] = await db.$queryRaw<FoundLeg[]>`
        SELECT ${COLUMNS}
        FROM cdrs
        WHERE id = ${id}::uuid
          AND start_time = ${startTimeOf(id)}
          AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** The legs of `ids` that exist, in no particular order. */
    findByIds(orgId: number, ids: string[]): Promise<FoundLeg[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM cdrs
        WHERE id = ANY(${ids}::uuid[])
          AND start_time = ANY(${startTimesOf(ids)}::timestamptz[])
          AND org_id = ${orgId}::int`;
    },

    /** A page of matching legs, newest first. */
    async search(
      orgId: number | null,
      filter: CallFilter,
      { after, limit }: { after: Cursor | null; limit: number },
    ): Promise<FoundLeg[]> {
      const where = [orgScope(orgId), ...conditions(filter), ...afterCursor(after)];
      const select = hasPrefix(filter) ? selectSortedPage : selectPage;
      let legs: FoundLeg[] = [];
      for (const since of searchWindows(filter, after)) {
        const inWindow = since ? [...where, Prisma.sql`start_time >= ${since}`] : where;
        const branches = indexedConditions(filter).map((indexed) => select([indexed, ...inWindow], limit));
        legs = await db.$queryRaw`${UNPREPARED}
          SELECT *
          FROM (${Prisma.join(branches, ' UNION ')}) AS found
          ORDER BY "startTime" DESC, id DESC
          LIMIT ${limit}::int`;
        if (legs.length >= limit) break;
      }
      return legs;
    },
  };
}

/** A subquery of the legs that started within any of `spans`, with the columns that the summary counts. */
export function selectLegsWithin(orgId: number | null, spans: Span[]): Prisma.Sql {
  const within = spans.map(({ from, to }) =>
    Prisma.join(
      [
        Prisma.sql`TRUE`,
        ...(from ? [Prisma.sql`start_time >= ${from}`] : []),
        ...(to ? [Prisma.sql`start_time < ${to}`] : []),
      ],
      ' AND ',
    ),
  );
  const any = within.length ? Prisma.sql`(${Prisma.join(within, ' OR ')})` : Prisma.sql`FALSE`;
  return Prisma.sql`
    SELECT ${COUNTED_COLUMNS}
    FROM cdrs
    WHERE ${orgScope(orgId)}
      AND ${any}`;
}

/** Limits a query by id to the partitions of the legs. */
function startTimesOf(ids: string[]): string[] {
  return [...new Set(ids.map((id) => startTimeOf(id).toISOString()))];
}

/**
 * A NUL or lone surrogate in a raw record is allowed in a json column, but makes json_to_recordset fail: then
 * the raw records of the batch are passed as JSON text inside the JSON.
 */
function toInsertJson(legs: StoredLeg[]): string {
  const json = JSON.stringify(legs);
  return /\\u(?:0000|d[89a-f])/i.test(json)
    ? JSON.stringify(legs.map((leg) => ({ ...leg, raw: JSON.stringify(leg.raw) })))
    : json;
}

function selectPage(where: Prisma.Sql[], limit: number): Prisma.Sql {
  return Prisma.sql`(
    SELECT ${COLUMNS}
    FROM cdrs
    WHERE ${Prisma.join(where, ' AND ')}
    ORDER BY start_time DESC, id DESC
    LIMIT ${limit}::int
  )`;
}

/**
 * Finds all matches, then sorts them. OFFSET 0 prevents that PostgreSQL reads legs in the order of the page
 * and filters them, in the hope of a full page: with few matches it would read the whole table.
 */
function selectSortedPage(where: Prisma.Sql[], limit: number): Prisma.Sql {
  return Prisma.sql`(
    SELECT *
    FROM (
      SELECT ${COLUMNS}
      FROM cdrs
      WHERE ${Prisma.join(where, ' AND ')}
      OFFSET 0
    ) AS matching
    ORDER BY "startTime" DESC, id DESC
    LIMIT ${limit}::int
  )`;
}
