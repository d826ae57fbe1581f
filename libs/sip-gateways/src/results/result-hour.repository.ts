import { Prisma, type Queryable } from '@oriontel/database';
import type { GatewayRef } from '../gateways/gateway.ts';
import { resultStatuses } from './gateway-result.ts';
import type { NewResult } from './result.repository.ts';

const HOUR_MS = 3_600_000;
const DOWN_RANK = resultStatuses.indexOf('down');

interface ResultHour extends Pick<NewResult, 'orgId' | 'gatewayKey'> {
  hour: string;
  lastAt: string;
  worstRank: number;
  latencySumMs: number;
  latencyCount: number;
  results: number;
  reachable: number;
}

/** Counts of the results of each gateway and hour (UTC). */
export function resultHours(db: Queryable) {
  return {
    /** Adds new results, each once. Pass them in key order to avoid deadlocks. */
    async add(results: NewResult[]): Promise<void> {
      await db.$executeRaw`
        INSERT INTO gateway_result_hours AS known (
          org_id, gateway_key, hour, last_at, worst_status, latency_sum_ms, latency_count, results, reachable
        )
        SELECT "orgId", "gatewayKey", hour, "lastAt", "worstRank", "latencySumMs", "latencyCount", results,
          reachable
        FROM json_to_recordset(${JSON.stringify(groupByHour(results))}::json) AS added(
          "orgId" int, "gatewayKey" uuid, hour timestamptz, "lastAt" timestamptz, "worstRank" smallint,
          "latencySumMs" float8, "latencyCount" int, results int, reachable int
        )
        ON CONFLICT (org_id, gateway_key, hour) DO UPDATE
        SET last_at = greatest(known.last_at, EXCLUDED.last_at),
          worst_status = greatest(known.worst_status, EXCLUDED.worst_status),
          latency_sum_ms = known.latency_sum_ms + EXCLUDED.latency_sum_ms,
          latency_count = known.latency_count + EXCLUDED.latency_count,
          results = known.results + EXCLUDED.results,
          reachable = known.reachable + EXCLUDED.reachable`;
    },

    /** Deletes up to `limit` hours of an organization from before a time. Returns how many. */
    deleteBefore(orgId: number, before: Date, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM gateway_result_hours AS hour
        USING (
          SELECT gateway_key, hour
          FROM gateway_result_hours
          WHERE org_id = ${orgId}::int
            AND hour < ${before}
          LIMIT ${limit}::int
        ) AS old
        WHERE hour.org_id = ${orgId}::int
          AND hour.gateway_key = old.gateway_key
          AND hour.hour = old.hour`;
    },
  };
}

function groupByHour(results: NewResult[]): ResultHour[] {
  const hours = new Map<string, ResultHour>();
  for (const { orgId, gatewayKey, at, status, latencyMs } of results) {
    const hour = new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString();
    const key = `${orgId} ${gatewayKey} ${hour}`;
    const counted = hours.get(key) ?? createHour({ orgId, gatewayKey, hour, lastAt: at });
    hours.set(key, counted);
    const rank = resultStatuses.indexOf(status);
    counted.lastAt = at > counted.lastAt ? at : counted.lastAt;
    counted.worstRank = Math.max(counted.worstRank, rank);
    counted.results += 1;
    if (rank === DOWN_RANK) continue;
    counted.reachable += 1;
    if (latencyMs === null) continue;
    counted.latencySumMs += latencyMs;
    counted.latencyCount += 1;
  }
  return [...hours.values()];
}

function createHour(key: Pick<ResultHour, 'orgId' | 'gatewayKey' | 'hour' | 'lastAt'>): ResultHour {
  return { ...key, worstRank: 0, latencySumMs: 0, latencyCount: 0, results: 0, reachable: 0 };
}

/** A subquery of the hours of a gateway from `from` on, a whole hour, as counted rows. */
export function selectHours({ orgId, key }: Pick<GatewayRef, 'orgId' | 'key'>, from: Date): Prisma.Sql {
  return Prisma.sql`
    SELECT hour, last_at AS at, worst_status AS rank, latency_sum_ms, latency_count, results, reachable
    FROM gateway_result_hours
    WHERE org_id = ${orgId}::int
      AND gateway_key = ${key}::uuid
      AND hour >= ${from}`;
}
