import { Prisma, type Queryable } from '@oriontel/database';
import type { StoredLeg } from '../../parse/read-submission.ts';

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

/** Adds legs that were stored without `countLegs` to the summary. */
export async function addToSummary(tx: Queryable, legs: StoredLeg[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO cdr_summary_deltas (org_id, hour, trunk_id, source, leg, disposition, calls, billsec)
    SELECT "orgId", hour, "trunkId", source, leg, disposition, calls, billsec
    FROM json_to_recordset(${JSON.stringify(toDeltas(legs))}::json) AS delta(
      "orgId" int, hour timestamptz, "trunkId" text, source text, leg text, disposition text,
      calls bigint, billsec bigint
    )`;
}

type SummaryDelta = Pick<StoredLeg, 'orgId' | 'source' | 'leg' | 'disposition' | 'billsec'> & {
  hour: Date;
  trunkId: string;
  calls: number;
};

const HOUR_MS = 3_600_000;

function toDeltas(legs: StoredLeg[]): SummaryDelta[] {
  const deltas = new Map<string, SummaryDelta>();
  for (const { orgId, startTime, trunkId, source, leg, disposition, billsec } of legs) {
    const hour = Math.floor(startTime.getTime() / HOUR_MS) * HOUR_MS;
    const key = JSON.stringify([orgId, hour, trunkId, source, leg, disposition]);
    const delta = deltas.get(key);
    if (delta) {
      delta.calls += 1;
      delta.billsec += billsec;
    } else {
      const counted = { calls: 1, billsec, hour: new Date(hour), trunkId: trunkId ?? '' };
      deltas.set(key, { orgId, source, leg, disposition, ...counted });
    }
  }
  return [...deltas.values()];
}
