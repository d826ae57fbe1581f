import { Prisma } from '@oriontel/database';

/** 1 counts legs in, -1 out. */
export type Sign = 1 | -1;

/** The columns of cdrs that countLegs() looks at: what a statement must return of the legs it stores or deletes. */
export const COUNTED_COLUMNS = Prisma.sql`org_id, start_time, trunk_id, source, leg, disposition, billsec`;

/** Where a leg is counted; `''` for no trunk, since no part of a key may be null. */
export const SUMMARY_KEY_COLUMNS = Prisma.sql`org_id, date_trunc('hour', start_time, 'UTC') AS hour, coalesce(trunk_id, '') AS trunk_id, source,
  leg, disposition`;

/**
 * A part of the very statement that stores or deletes legs: counts those of its CTE. So the count and the rows are one, and
 * cannot differ at any moment. Rows are only ever added: nobody waits for another who counts in the same hour.
 */
export function countLegs(cte: Prisma.Sql, sign: Sign): Prisma.Sql {
  return Prisma.sql`
  INSERT INTO cdr_summary_deltas (org_id, hour, trunk_id, source, leg, disposition, calls, billsec)
  SELECT org_id, hour, trunk_id, source, leg, disposition, ${sign}::int * count(*), ${sign}::int * sum(billsec)
  FROM (SELECT ${SUMMARY_KEY_COLUMNS}, billsec FROM ${cte}) AS counted GROUP BY 1, 2, 3, 4, 5, 6`;
}
