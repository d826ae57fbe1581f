import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { FoundGateway, GatewayRef } from '../gateways/gateway.ts';
import { resultsIntake, type GatewayResult } from './gateway-result.ts';
import type { GatewayState } from './next-state.ts';

/** A state, and which result it counts that was accepted last. */
export type CountedState = GatewayState & { lastId: string | null };

/** A state with what is needed of its gateway to move it. */
export type LockedState = CountedState &
  Pick<FoundGateway, 'orgId' | 'key' | 'name' | 'host' | 'port' | 'failuresToDown' | 'successesToUp'>;

/** Results on the road that a reader looks through, the newest. */
const MAX_PENDING_RESULTS = 5_000;

const COLUMNS = Prisma.sql`s.status, s.since, s.last_check AS "lastCheck", s.latency_ms AS "latencyMs", s.loss_percent AS "lossPercent",
  s.jitter_ms AS "jitterMs", s.sip_code AS "sipCode", s.error, s.last_id AS "lastId", s.consecutive_successes AS "consecutiveSuccesses",
  s.consecutive_failures AS "consecutiveFailures", s.consecutive_ups AS "consecutiveUps", s.consecutive_troubles AS "consecutiveTroubles"`;

/** The only file that speaks to the gateway_states table. */
export function gatewayStates(db: Queryable) {
  return {
    /** Of a new gateway: nothing is known of it. */
    async insert({ orgId, key }: GatewayRef): Promise<void> {
      await db.$executeRaw`INSERT INTO gateway_states (org_id, gateway_key) VALUES (${orgId}::int, ${key}::uuid)`;
    },

    /** Locks those of these gateways that are still there, in a fixed order so that two workers cannot deadlock. */
    lock(refs: GatewayRef[]): Promise<LockedState[]> {
      return db.$queryRaw`
    SELECT g.org_id AS "orgId", g.key, g.name, g.host, g.port, g.failures_to_down AS "failuresToDown",
      g.successes_to_up AS "successesToUp", ${COLUMNS}
    FROM json_to_recordset(${JSON.stringify(refs)}::json) AS ref("orgId" int, id text, key uuid)
    JOIN gateways g ON g.org_id = ref."orgId" AND g.id = ref.id AND g.key = ref.key
    JOIN gateway_states s ON s.org_id = g.org_id AND s.gateway_key = g.key
    ORDER BY s.org_id, s.gateway_key FOR NO KEY UPDATE OF s`;
    },

    async update(states: (CountedState & Pick<GatewayRef, 'orgId' | 'key'>)[]): Promise<void> {
      await db.$executeRaw`
      UPDATE gateway_states SET status = moved.status, since = moved.since, last_check = moved."lastCheck",
        latency_ms = moved."latencyMs", loss_percent = moved."lossPercent", jitter_ms = moved."jitterMs",
        sip_code = moved."sipCode", error = moved.error, last_id = moved."lastId", consecutive_successes = moved."consecutiveSuccesses",
        consecutive_failures = moved."consecutiveFailures", consecutive_ups = moved."consecutiveUps",
        consecutive_troubles = moved."consecutiveTroubles"
      FROM json_to_recordset(${JSON.stringify(states)}::json) AS moved("orgId" int, key uuid, status text, since timestamptz,
        "lastCheck" timestamptz, "latencyMs" real, "lossPercent" real, "jitterMs" real, "sipCode" smallint, error text,
        "lastId" uuid, "consecutiveSuccesses" int, "consecutiveFailures" int, "consecutiveUps" int, "consecutiveTroubles" int)
      WHERE org_id = moved."orgId" AND gateway_key = moved.key`;
    },

    /** With the results that are accepted and not counted in it yet, of one moment. Null where the gateway is no more. */
    async read({ orgId, key }: GatewayRef): Promise<{ state: CountedState; coming: GatewayResult[] } | null> {
      const [row] = await db.$queryRaw<(CountedState & { coming: GatewayResult[] | null })[]>`
      SELECT ${COLUMNS}, (
        SELECT json_agg(payload ORDER BY id) FROM (
          SELECT id, payload FROM (${pendingPayloads(resultsIntake.queue.name, orgId, [key])}) AS road
          ORDER BY id DESC LIMIT ${MAX_PENDING_RESULTS}::int) AS newest) AS coming
      FROM gateway_states s WHERE s.org_id = ${orgId}::int AND s.gateway_key = ${key}::uuid`;
      if (!row) return null;
      const { coming, ...state } = row;
      return { state, coming: coming ?? [] };
    },

    async delete({ orgId, key }: GatewayRef): Promise<void> {
      await db.$executeRaw`DELETE FROM gateway_states WHERE org_id = ${orgId}::int AND gateway_key = ${key}::uuid`;
    },
  };
}
