import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { FoundGateway, GatewayRef } from '../gateways/gateway.ts';
import { resultsIntake, type GatewayResult } from './gateway-result.ts';
import type { GatewayState } from './next-state.ts';

/** A state, and the id of the latest accepted result that it counts. */
export type CountedState = GatewayState & { lastId: string | null };

/** A locked state with the settings of its gateway that an update needs. */
export type LockedState = CountedState &
  Pick<FoundGateway, 'orgId' | 'key' | 'name' | 'host' | 'port' | 'failuresToDown' | 'successesToUp'>;

/** A read applies at most this many pending results, the newest. */
const MAX_PENDING_RESULTS = 5_000;

const COLUMNS = Prisma.sql`
  s.status, s.since, s.last_check AS "lastCheck", s.latency_ms AS "latencyMs",
  s.loss_percent AS "lossPercent", s.jitter_ms AS "jitterMs", s.sip_code AS "sipCode", s.error,
  s.last_id AS "lastId", s.consecutive_successes AS "consecutiveSuccesses",
  s.consecutive_failures AS "consecutiveFailures", s.consecutive_ups AS "consecutiveUps",
  s.consecutive_troubles AS "consecutiveTroubles"`;

export function gatewayStates(db: Queryable) {
  return {
    /** Inserts the state 'unknown' of a new gateway. */
    async insert({ orgId, key }: GatewayRef): Promise<void> {
      await db.$executeRaw`
        INSERT INTO gateway_states (org_id, gateway_key)
        VALUES (${orgId}::int, ${key}::uuid)`;
    },

    /** Locks the states of those gateways that still exist, in a fixed order: two workers cannot deadlock. */
    lock(refs: GatewayRef[]): Promise<LockedState[]> {
      return db.$queryRaw`
        SELECT g.org_id AS "orgId", g.key, g.name, g.host, g.port,
          g.failures_to_down AS "failuresToDown", g.successes_to_up AS "successesToUp", ${COLUMNS}
        FROM json_to_recordset(${JSON.stringify(refs)}::json) AS ref("orgId" int, id text, key uuid)
        JOIN gateways g ON g.org_id = ref."orgId" AND g.id = ref.id AND g.key = ref.key
        JOIN gateway_states s ON s.org_id = g.org_id AND s.gateway_key = g.key
        ORDER BY s.org_id, s.gateway_key
        FOR NO KEY UPDATE OF s`;
    },

    async update(states: (CountedState & Pick<GatewayRef, 'orgId' | 'key'>)[]): Promise<void> {
      await db.$executeRaw`
        UPDATE gateway_states
        SET status = next.status,
          since = next.since,
          last_check = next."lastCheck",
          latency_ms = next."latencyMs",
          loss_percent = next."lossPercent",
          jitter_ms = next."jitterMs",
          sip_code = next."sipCode",
          error = next.error,
          last_id = next."lastId",
          consecutive_successes = next."consecutiveSuccesses",
          consecutive_failures = next."consecutiveFailures",
          consecutive_ups = next."consecutiveUps",
          consecutive_troubles = next."consecutiveTroubles"
        FROM json_to_recordset(${JSON.stringify(states)}::json) AS next(
          "orgId" int, key uuid, status text, since timestamptz, "lastCheck" timestamptz,
          "latencyMs" real, "lossPercent" real, "jitterMs" real, "sipCode" smallint, error text,
          "lastId" uuid, "consecutiveSuccesses" int, "consecutiveFailures" int,
          "consecutiveUps" int, "consecutiveTroubles" int
        )
        WHERE org_id = next."orgId"
          AND gateway_key = next.key`;
    },

    /**
     * Reads a state and, from the same snapshot, the accepted results that it does not count yet (`pending`).
     * Null if the gateway does not exist.
     */
    async read(ref: GatewayRef): Promise<{ state: CountedState; pending: GatewayResult[] } | null> {
      const { orgId, key } = ref;
      const [row] = await db.$queryRaw<(CountedState & { pending: GatewayResult[] | null })[]>`
        SELECT ${COLUMNS}, (
          SELECT json_agg(payload ORDER BY id)
          FROM (
            SELECT id, payload
            FROM (${pendingPayloads(resultsIntake.queue.name, orgId, [key])}) AS pending
            ORDER BY id DESC
            LIMIT ${MAX_PENDING_RESULTS}::int
          ) AS newest
        ) AS pending
        FROM gateway_states s
        WHERE s.org_id = ${orgId}::int
          AND s.gateway_key = ${key}::uuid`;
      if (!row) return null;
      const { pending, ...state } = row;
      return { state, pending: pending ?? [] };
    },

    async delete({ orgId, key }: GatewayRef): Promise<void> {
      await db.$executeRaw`
        DELETE FROM gateway_states
        WHERE org_id = ${orgId}::int
          AND gateway_key = ${key}::uuid`;
    },
  };
}
