import { Prisma } from '@oriontel/database';

/** 1 adds legs to the summary, -1 subtracts them. */
export type Sign = 1 | -1;

/** The columns of cdrs that countLegs reads: a statement that stores or deletes legs must return them. */
export const COUNTED_COLUMNS = Prisma.sql`org_id, start_time, trunk_id, source, leg, disposition, billsec`;

/** The summary key of a leg; `''` means no trunk, because a key column cannot be null. */
export const SUMMARY_KEY_COLUMNS = Prisma.sql`
  org_id,
  date_trunc('hour', start_time, 'UTC') AS hour,
  coalesce(trunk_id, '') AS trunk_id,
  source,
  leg,
  disposition`;

/**
 * A CTE for the statement that stores or deletes legs: it counts the legs of the CTE named `cte`, so summary
 * and rows always agree. It only inserts deltas: statements that count in the same hour do not block each
 * other.
 */
export function countLegs(cte: Prisma.Sql, sign: Sign): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO cdr_summary_deltas (org_id, hour, trunk_id, source, leg, disposition, calls, billsec)
    SELECT
      org_id, hour, trunk_id, source, leg, disposition,
      ${sign}::int * count(*),
      ${sign}::int * sum(billsec)
    FROM (
      SELECT ${SUMMARY_KEY_COLUMNS}, billsec
      FROM ${cte}
    ) AS counted
    GROUP BY 1, 2, 3, 4, 5, 6`;
}
