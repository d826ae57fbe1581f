import type { Page } from '@oriontel/contracts';
import { orgScope, UNPREPARED, Prisma, type Queryable } from '@oriontel/database';
import type { Disposition, Leg } from '../../parse/call-leg.ts';
import { selectLegsWithin } from '../call-record.repository.ts';
import type { Span, SplitRange } from './split-range.ts';
import { SUMMARY_KEY_COLUMNS } from './summary-delta.repository.ts';

/** What calls can be grouped by, in the order of the result columns. */
export const GROUPINGS = ['hour', 'day', 'trunk', 'disposition'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface SummaryFilter {
  trunkId?: string | undefined;
  source?: string | undefined;
  leg?: Leg | undefined;
  disposition?: Disposition | undefined;
}

/** Sums over legs. */
export interface Sums {
  calls: number;
  answered: number;
  /** Seconds, of all legs. */
  billsec: number;
  /** Seconds, of answered legs. */
  talked: number;
}

/** `time`: ISO 8601, the start of the hour or day. */
export type GroupSums = Sums & {
  time?: string;
  trunkId?: string | null;
  disposition?: Disposition;
};

export interface Summary {
  total: Sums;
  groups: GroupSums[];
  /** Number of groups on all pages. */
  groupCount: number;
}

/** The advisory lock that a folding process holds; an arbitrary constant. */
const FOLD_LOCK = 7_017_230;

/** The largest bigint. */
const LAST_ID = 9_223_372_036_854_775_807n;

const KEY_COLUMNS = Prisma.sql`org_id, hour, trunk_id, source, leg, disposition`;

/** Reads the call summary, and folds cdr_summary_deltas into cdr_summary. */
export function callSummary(db: Queryable) {
  return {
    /** One statement, so one snapshot: summary and stored legs agree while others store or fold. */
    async read(
      orgId: number | null,
      { hours, edges }: SplitRange,
      filter: SummaryFilter,
      groupings: Grouping[],
      page: Page,
    ): Promise<Summary> {
      const where = Prisma.join([orgScope(orgId), ...conditions(filter)], ' AND ');
      const inHours = Prisma.sql`${where} AND ${hours ? withinSpan(hours) : Prisma.sql`FALSE`}`;
      const { columns, order } = groupColumns(groupings);
      const grouping = groupings.length ? groupByClause(columns.length) : Prisma.sql`WHERE FALSE`;
      const [row] = await db.$queryRaw<
        [{ total: Sums; groups: GroupSums[] | null; groupCount: number }]
      >`${UNPREPARED}
        WITH counted AS MATERIALIZED (
          SELECT hour, trunk_id, disposition, sum(calls) AS calls, sum(billsec) AS billsec
          FROM (
            SELECT ${KEY_COLUMNS}, calls, billsec
            FROM cdr_summary
            WHERE ${inHours}
            UNION ALL
            SELECT ${KEY_COLUMNS}, calls, billsec
            FROM cdr_summary_deltas
            WHERE ${inHours}
            UNION ALL
            SELECT ${SUMMARY_KEY_COLUMNS}, 1, billsec
            FROM (${selectLegsWithin(orgId, edges)}) AS legs
            WHERE ${where}
          ) AS part
          GROUP BY 1, 2, 3
        ),
        grouped AS (
          SELECT ${Prisma.join([...columns, SUMS])}
          FROM counted
          ${grouping}
          HAVING sum(calls) <> 0
        ),
        page AS (
          SELECT *
          FROM grouped
          ORDER BY ${order}
          LIMIT ${page.limit}::int
          OFFSET ${page.offset}::int
        )
        SELECT
          (SELECT row_to_json(t) FROM (SELECT ${SUMS} FROM counted) AS t) AS total,
          (SELECT count(*)::int FROM grouped) AS "groupCount",
          (SELECT json_agg(page) FROM page) AS groups`;
      return { ...row, groups: row.groups ?? [] };
    },

    /**
     * Moves up to `limit` of the oldest deltas into the summary; returns their number, 0 while another
     * process folds. A snapshot has either a delta or its effect, so readers are not affected. Needs a
     * transaction.
     */
    async fold(limit: number): Promise<number> {
      const [{ acquired }] = await db.$queryRaw<[{ acquired: boolean }]>`
        SELECT pg_try_advisory_xact_lock(${FOLD_LOCK}) AS acquired`;
      if (!acquired) return 0;
      const [{ folded, emptied }] = await db.$queryRaw<[{ folded: number; emptied: string | null }]>`
        WITH last AS (
          SELECT id
          FROM cdr_summary_deltas
          ORDER BY id
          OFFSET ${limit}::int - 1
          LIMIT 1
        ),
        removed AS (
          DELETE FROM cdr_summary_deltas
          WHERE id <= coalesce((SELECT id FROM last), ${LAST_ID}::bigint)
          RETURNING ${KEY_COLUMNS}, calls, billsec
        ),
        written AS (
          INSERT INTO cdr_summary AS summary (${KEY_COLUMNS}, calls, billsec)
          SELECT ${KEY_COLUMNS}, sum(calls), sum(billsec)
          FROM removed
          GROUP BY ${KEY_COLUMNS}
          HAVING sum(calls) <> 0 OR sum(billsec) <> 0
          ON CONFLICT (${KEY_COLUMNS}) DO UPDATE SET
            calls = summary.calls + EXCLUDED.calls,
            billsec = summary.billsec + EXCLUDED.billsec
          RETURNING ${KEY_COLUMNS}, calls, billsec
        )
        SELECT
          (SELECT count(*)::int FROM removed) AS folded,
          (SELECT json_agg(written)::text FROM written WHERE calls = 0 AND billsec = 0) AS emptied`;
      if (emptied) {
        await db.$executeRaw`
          DELETE FROM cdr_summary
          WHERE (${KEY_COLUMNS}) IN (
            SELECT ${KEY_COLUMNS}
            FROM json_to_recordset(${emptied}::json) AS row(
              org_id int, hour timestamptz, trunk_id text, source text, leg text, disposition text
            )
          )`;
      }
      return folded;
    },
  };
}

const SUMS = Prisma.sql`
  coalesce(sum(calls), 0)::bigint AS calls,
  coalesce(sum(calls) FILTER (WHERE disposition = 'ANSWERED'), 0)::bigint AS answered,
  coalesce(sum(billsec), 0)::bigint AS billsec,
  coalesce(sum(billsec) FILTER (WHERE disposition = 'ANSWERED'), 0)::bigint AS talked`;

const COLUMNS: Record<Grouping, Prisma.Sql> = {
  hour: Prisma.sql`hour AS time`,
  day: Prisma.sql`date_trunc('day', hour, 'UTC') AS time`,
  trunk: Prisma.sql`nullif(trunk_id, '') AS "trunkId"`,
  disposition: Prisma.sql`disposition`,
};
const ORDERS: Record<Grouping, Prisma.Sql> = {
  hour: Prisma.sql`time DESC`,
  day: Prisma.sql`time DESC`,
  trunk: Prisma.sql`"trunkId"`,
  disposition: Prisma.sql`disposition`,
};

/** Sorts by time, newest first, then by calls; the other columns make the order of pages unique. */
function groupColumns(groupings: Grouping[]): { columns: Prisma.Sql[]; order: Prisma.Sql } {
  const times = groupings.filter((grouping) => grouping === 'hour' || grouping === 'day');
  const others = groupings.filter((grouping) => grouping === 'trunk' || grouping === 'disposition');
  return {
    columns: [...times, ...others].map((grouping) => COLUMNS[grouping]),
    order: Prisma.join([
      ...times.map((grouping) => ORDERS[grouping]),
      Prisma.sql`calls DESC`,
      ...others.map((grouping) => ORDERS[grouping]),
    ]),
  };
}

function groupByClause(columns: number): Prisma.Sql {
  return Prisma.raw(`GROUP BY ${Array.from({ length: columns }, (_, index) => index + 1).join(', ')}`);
}

function conditions({ trunkId, source, leg, disposition }: SummaryFilter): Prisma.Sql[] {
  return [
    trunkId !== undefined && Prisma.sql`trunk_id = ${trunkId}`,
    source !== undefined && Prisma.sql`source = ${source}`,
    leg && Prisma.sql`leg = ${leg}`,
    disposition && Prisma.sql`disposition = ${disposition}`,
  ].filter((condition): condition is Prisma.Sql => !!condition);
}

function withinSpan({ from, to }: Span): Prisma.Sql {
  return Prisma.join(
    [
      Prisma.sql`TRUE`,
      ...(from ? [Prisma.sql`hour >= ${from}`] : []),
      ...(to ? [Prisma.sql`hour < ${to}`] : []),
    ],
    ' AND ',
  );
}
