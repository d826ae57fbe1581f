import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import type { StoredResult } from './recount.ts';
import { selectHours } from './result-hour.repository.ts';
import { resultsIntake, resultStatuses, type GatewayResult, type ResultStatus } from './gateway-result.ts';

/** A result to be stored; its id is that of its intake row. */
export type NewResult = GatewayResult & { id: string };

/** One result, or a bucket of several: their newest time and their worst status. */
export interface HistoryPoint {
  at: Date;
  status: ResultStatus;
  /** Milliseconds; of a bucket, the mean of the results that are not down. */
  latencyMs: number | null;
  /** The number of results. */
  results: number;
  /** The number of results that are not down. */
  reachable: number;
}

export interface ResultsFilter {
  /** Exclusive. */
  from: Date;
  /** Whether to include results that are accepted and not stored yet. */
  includePending: boolean;
}

export interface Buckets {
  widthMs: number;
  count: number;
}

type Gateway = Pick<GatewayRef, 'orgId' | 'key'>;

/** A history point as JSON: reading one array is many times faster than reading as many rows. */
type PointRow = [at: number, rank: number, latencyMs: number | null, results: number, reachable: number];

const HOUR_MS = 3_600_000;
const DOWN_RANK = resultStatuses.indexOf('down');

function toPoint([at, rank, latencyMs, results, reachable]: PointRow): HistoryPoint {
  return {
    at: new Date(at),
    status: resultStatuses[rank]!,
    latencyMs,
    results,
    reachable,
  };
}

export const RESULTS_TABLE = 'gateway_results';

export function gatewayResults(db: Queryable) {
  return {
    /**
     * Stores new results in key order (no deadlocks) and returns their ids; ignores results stored before.
     */
    async insert(results: NewResult[]): Promise<Set<string>> {
      const ranked = results.map((result) => ({ ...result, rank: resultStatuses.indexOf(result.status) }));
      const rows = await db.$queryRaw<{ id: string }[]>`
        INSERT INTO gateway_results (
          org_id, gateway_key, at, id, status, latency_ms, loss_percent, jitter_ms, sip_code, error, source
        )
        SELECT "orgId", "gatewayKey", at, id, rank, "latencyMs", "lossPercent", "jitterMs", "sipCode", error,
          source
        FROM json_to_recordset(${JSON.stringify(ranked)}::json) AS result(
          "orgId" int, "gatewayKey" uuid, at timestamptz, id uuid, rank smallint, "latencyMs" real,
          "lossPercent" real, "jitterMs" real, "sipCode" smallint, error text, source text
        )
        ON CONFLICT DO NOTHING
        RETURNING id`;
      return new Set(rows.map(({ id }) => id));
    },

    /** The newest results of a gateway, newest first. */
    async listNewest({ orgId, key }: Gateway, limit: number): Promise<StoredResult[]> {
      const rows = await db.$queryRaw<(Omit<StoredResult, 'at' | 'status'> & { at: Date; rank: number })[]>`
        SELECT id, at, status AS rank, latency_ms AS "latencyMs", loss_percent AS "lossPercent",
          jitter_ms AS "jitterMs", sip_code AS "sipCode", error, source
        FROM gateway_results
        WHERE org_id = ${orgId}::int
          AND gateway_key = ${key}::uuid
        ORDER BY at DESC, id DESC
        LIMIT ${limit}::int`;
      return rows.map(({ at, rank, ...rest }) => ({
        ...rest,
        at: at.toISOString(),
        status: resultStatuses[rank]!,
      }));
    },

    /** Counts results, and those of them that are not down. */
    async count(gateway: Gateway, filter: ResultsFilter): Promise<{ results: number; reachable: number }> {
      const [row] = await db.$queryRaw<[{ results: number; reachable: number }]>`
        SELECT count(*)::int AS results,
          (count(*) FILTER (WHERE status < ${DOWN_RANK}::int))::int AS reachable
        FROM (${selectResults(gateway, filter)}) AS result`;
      return row;
    },

    async hasMoreThan(limit: number, gateway: Gateway, filter: ResultsFilter): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM (
          SELECT
          FROM (${selectResults(gateway, filter)}) AS result
          LIMIT ${limit + 1}::int
        ) AS counted`;
      return row.count > limit;
    },

    /** Deletes up to `limit` results of an organization from before a time. Returns how many. */
    deleteBefore(orgId: number, before: Date, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM gateway_results AS result
        USING (
          SELECT gateway_key, at, id
          FROM gateway_results
          WHERE org_id = ${orgId}::int
            AND at < ${before}
          LIMIT ${limit}::int
        ) AS old
        WHERE result.org_id = ${orgId}::int
          AND result.gateway_key = old.gateway_key
          AND result.at = old.at
          AND result.id = old.id
          AND result.at < ${before}`;
    },

    /** One point for each result, newest first. */
    listPoints(gateway: Gateway, filter: ResultsFilter, limit: number): Promise<HistoryPoint[]> {
      return readPoints(
        db,
        Prisma.sql`
          SELECT at, id, status AS rank, latency_ms AS latency, 1 AS results,
            (status < ${DOWN_RANK}::int)::int AS reachable
          FROM (${selectResults(gateway, filter)}) AS result
          ORDER BY at DESC, id DESC
          LIMIT ${limit}::int`,
      );
    },

    /**
     * One point for each non-empty bucket of `widthMs` from `filter.from` on, newest first. The last bucket
     * includes all later results.
     */
    listBuckets(gateway: Gateway, filter: ResultsFilter, buckets: Buckets): Promise<HistoryPoint[]> {
      const { widthMs, count } = buckets;
      const last = new Date(filter.from.getTime() + (count - 1) * widthMs);
      return readPoints(
        db,
        // A sum over a count: avg() takes twice as long.
        Prisma.sql`
          SELECT max(at) AS at, NULL AS id, max(status) AS rank,
            sum(latency_ms::float8) FILTER (WHERE status < ${DOWN_RANK}::int)
              / NULLIF(count(latency_ms) FILTER (WHERE status < ${DOWN_RANK}::int), 0) AS latency,
            count(*) AS results, count(*) FILTER (WHERE status < ${DOWN_RANK}::int) AS reachable
          FROM (${selectResults(gateway, filter)}) AS result
          GROUP BY LEAST(date_bin(${`${widthMs} milliseconds`}::interval, at, ${filter.from}), ${last})`,
      );
    },

    /**
     * One point for each non-empty bucket of `hoursEach` whole hours, newest first, read from the hourly
     * counts. The results of the first hour are counted one by one, because `filter.from` is within it.
     */
    listHourBuckets(gateway: Gateway, filter: ResultsFilter, hoursEach: number): Promise<HistoryPoint[]> {
      const firstHour = Math.floor(filter.from.getTime() / HOUR_MS) * HOUR_MS;
      const firstWholeHour = new Date(firstHour + HOUR_MS);
      return readPoints(
        db,
        Prisma.sql`
          SELECT max(at) AS at, NULL AS id, max(rank) AS rank,
            sum(latency_sum_ms) / NULLIF(sum(latency_count), 0) AS latency,
            sum(results) AS results, sum(reachable) AS reachable
          FROM (
            ${selectHours(gateway, firstWholeHour)}
            UNION ALL
            ${countEach(Prisma.sql`${selectStoredResults(gateway, filter.from)} AND at < ${firstWholeHour}`)}
            ${filter.includePending ? unionPending(gateway, filter.from) : Prisma.empty}
          ) AS counted
          GROUP BY date_bin(${`${hoursEach} hours`}::interval, hour, ${new Date(firstHour)})`,
      );
    },
  };
}

async function readPoints(db: Queryable, points: Prisma.Sql): Promise<HistoryPoint[]> {
  const [row] = await db.$queryRaw<[{ points: PointRow[] | null }]>`
    SELECT json_agg(
      json_build_array((extract(epoch FROM at) * 1000)::int8, rank, latency, results, reachable)
      ORDER BY at DESC, id DESC
    ) AS points
    FROM (${points}) AS point`;
  return (row.points ?? []).map(toPoint);
}

function selectResults(gateway: Gateway, { from, includePending }: ResultsFilter): Prisma.Sql {
  const stored = selectStoredResults(gateway, from);
  if (!includePending) return stored;
  return Prisma.sql`${stored} UNION ALL ${selectPendingResults(gateway, from)}`;
}

function selectStoredResults({ orgId, key }: Gateway, from: Date): Prisma.Sql {
  return Prisma.sql`
    SELECT at, id, status, latency_ms
    FROM gateway_results
    WHERE org_id = ${orgId}::int
      AND gateway_key = ${key}::uuid
      AND at > ${from}`;
}

function unionPending(gateway: Gateway, from: Date): Prisma.Sql {
  return Prisma.sql`UNION ALL ${countEach(selectPendingResults(gateway, from))}`;
}

/** Results in the form of hourly counts. */
function countEach(results: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT date_trunc('hour', at, 'UTC'), at, status,
      CASE WHEN status < ${DOWN_RANK}::int THEN COALESCE(latency_ms, 0) ELSE 0 END::float8,
      (status < ${DOWN_RANK}::int AND latency_ms IS NOT NULL)::int,
      1,
      (status < ${DOWN_RANK}::int)::int
    FROM (${results}) AS result`;
}

/** Accepted results in the form in which they will be stored. */
function selectPendingResults({ orgId, key }: Gateway, from: Date): Prisma.Sql {
  return Prisma.sql`
    SELECT at, id, status, latency_ms
    FROM (
      SELECT id, (payload->>'at')::timestamptz AS at, (payload->>'latencyMs')::real AS latency_ms,
        (array_position(${[...resultStatuses]}::text[], payload->>'status') - 1)::smallint AS status
      FROM (${pendingPayloads(resultsIntake.queue.name, orgId, [key])}) AS pending
    ) AS result
    WHERE at > ${from}`;
}
