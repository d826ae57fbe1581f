import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import type { StoredResult } from './recount.ts';
import { resultsIntake, resultStatuses, type GatewayResult, type ResultStatus } from './gateway-result.ts';

/** A result on its way into the table; its id is that of the intake row that brought it. */
export type NewResult = GatewayResult & { id: string };

/** One result, or several that are near each other: the newest of their times, the worst of their status. */
export interface HistoryPoint {
  at: Date;
  status: ResultStatus;
  /** Milliseconds; the mean of those that are not down. */
  latencyMs: number | null;
  results: number;
  /** How many of them are not down. */
  reachable: number;
}

/** Which results: those after `from`. `withComing`: also what is accepted and not stored yet. */
export interface ResultsFilter {
  from: Date;
  includePending: boolean;
}

type Gateway = Pick<GatewayRef, 'orgId' | 'key'>;
/** As JSON, which is read in a fraction of the time of as many rows: when, rank, latency, how many, how many not down. */
type PointRow = [at: number, rank: number, latencyMs: number | null, results: number, reachable: number];

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

/** The only file that speaks to the gateway_results table. */
export function gatewayResults(db: Queryable) {
  return {
    /** Stores those that are not there yet; returns their ids. They come in order of their key, so that two batches cannot deadlock. */
    async insert(results: NewResult[]): Promise<Set<string>> {
      const ranked = results.map((result) => ({ ...result, rank: resultStatuses.indexOf(result.status) }));
      const rows = await db.$queryRaw<{ id: string }[]>`
      INSERT INTO gateway_results (org_id, gateway_key, at, id, status, latency_ms, loss_percent, jitter_ms, sip_code, error, source)
      SELECT "orgId", "gatewayKey", at, id, rank, "latencyMs", "lossPercent", "jitterMs", "sipCode", error, source
      FROM json_to_recordset(${JSON.stringify(ranked)}::json) AS result("orgId" int, "gatewayKey" uuid, at timestamptz, id uuid,
        rank smallint, "latencyMs" real, "lossPercent" real, "jitterMs" real, "sipCode" smallint, error text, source text)
      ON CONFLICT DO NOTHING RETURNING id`;
      return new Set(rows.map(({ id }) => id));
    },

    /** Of one gateway, all that is kept of each. */
    async listNewest({ orgId, key }: Gateway, limit: number): Promise<StoredResult[]> {
      const rows = await db.$queryRaw<(Omit<StoredResult, 'at' | 'status'> & { at: Date; rank: number })[]>`
      SELECT id, at, status AS rank, latency_ms AS "latencyMs", loss_percent AS "lossPercent", jitter_ms AS "jitterMs",
        sip_code AS "sipCode", error, source
      FROM gateway_results WHERE org_id = ${orgId}::int AND gateway_key = ${key}::uuid ORDER BY at DESC, id DESC LIMIT ${limit}::int`;
      return rows.map(({ at, rank, ...rest }) => ({
        ...rest,
        at: at.toISOString(),
        status: resultStatuses[rank]!,
      }));
    },

    /** How many there are, and how many of them are not down. */
    async count(gateway: Gateway, asked: ResultsFilter): Promise<{ results: number; reachable: number }> {
      const [row] = await db.$queryRaw<[{ results: number; reachable: number }]>`
      SELECT count(*)::int AS results, (count(*) FILTER (WHERE status < ${DOWN_RANK}::int))::int AS reachable
      FROM (${resultsOf(gateway, asked)}) AS result`;
      return row;
    },

    /** Whether there are more than so many. */
    async hasMoreThan(limit: number, gateway: Gateway, asked: ResultsFilter): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM (SELECT FROM (${resultsOf(gateway, asked)}) AS result LIMIT ${limit + 1}::int) AS counted`;
      return row.count > limit;
    },

    /** Deletes up to `limit` of an organization that are older. Returns how many. */
    deleteBefore(orgId: number, before: Date, limit: number): Promise<number> {
      return db.$executeRaw`
    DELETE FROM gateway_results AS result USING (
      SELECT gateway_key, at, id FROM gateway_results
      WHERE org_id = ${orgId}::int AND at < ${before} LIMIT ${limit}::int) AS old
    WHERE result.org_id = ${orgId}::int AND result.gateway_key = old.gateway_key AND result.at = old.at AND result.id = old.id
      AND result.at < ${before}`;
    },

    /** Each by itself, the newest first. */
    listPoints(gateway: Gateway, asked: ResultsFilter, limit: number): Promise<HistoryPoint[]> {
      return readPoints(
        db,
        Prisma.sql`SELECT at, id, status AS rank, latency_ms AS latency, 1 AS results, (status < ${DOWN_RANK}::int)::int AS reachable
        FROM (${resultsOf(gateway, asked)}) AS result ORDER BY at DESC, id DESC LIMIT ${limit}::int`,
      );
    },

    /** Those of each stretch of `width` milliseconds from `from` on together, the newest first; the last stretch takes in what comes after it. */
    listBuckets(
      gateway: Gateway,
      asked: ResultsFilter,
      { width, stretches }: { width: number; stretches: number },
    ): Promise<HistoryPoint[]> {
      const last = new Date(asked.from.getTime() + (stretches - 1) * width);
      return readPoints(
        db,
        // A sum over a count: avg() takes twice as long.
        Prisma.sql`SELECT max(at) AS at, NULL AS id, max(status) AS rank,
          sum(latency_ms::float8) FILTER (WHERE status < ${DOWN_RANK}::int) / NULLIF(count(latency_ms) FILTER (WHERE status < ${DOWN_RANK}::int), 0) AS latency,
          count(*) AS results, count(*) FILTER (WHERE status < ${DOWN_RANK}::int) AS reachable
        FROM (${resultsOf(gateway, asked)}) AS result
        GROUP BY LEAST(date_bin(${`${width} milliseconds`}::interval, at, ${asked.from}), ${last})`,
      );
    },
  };
}

async function readPoints(db: Queryable, points: Prisma.Sql): Promise<HistoryPoint[]> {
  const [row] = await db.$queryRaw<[{ points: PointRow[] | null }]>`
    SELECT json_agg(json_build_array((extract(epoch FROM at) * 1000)::int8, rank, latency, results, reachable) ORDER BY at DESC, id DESC) AS points
    FROM (${points}) AS point`;
  return (row.points ?? []).map(toPoint);
}

function resultsOf({ orgId, key }: Gateway, { from, includePending }: ResultsFilter): Prisma.Sql {
  const stored = Prisma.sql`SELECT at, id, status, latency_ms FROM gateway_results
    WHERE org_id = ${orgId}::int AND gateway_key = ${key}::uuid AND at > ${from}`;
  return includePending ? Prisma.sql`${stored} UNION ALL ${pendingResults({ orgId, key }, from)}` : stored;
}

/** What the intake will add, as it will be stored. */
function pendingResults({ orgId, key }: Gateway, from: Date): Prisma.Sql {
  return Prisma.sql`
  SELECT at, id, rank, latency FROM (
    SELECT id, (payload->>'at')::timestamptz AS at, (payload->>'latencyMs')::real AS latency,
      (array_position(${[...resultStatuses]}::text[], payload->>'status') - 1)::smallint AS rank
    FROM (${pendingPayloads(resultsIntake.queue.name, orgId, [key])}) AS road) AS result
  WHERE at > ${from}`;
}
