import type { Queryable } from '@oriontel/database';

export interface ProbeMark {
  /** Key of the gateway. */
  key: string;
  /** Milliseconds since the probe. */
  ago: number;
}

/** When each gateway was last probed, by the database clock: monitors run on several hosts. */
export function gatewayProbes(db: Queryable) {
  return {
    async mark(marks: ProbeMark[]): Promise<void> {
      await db.$executeRaw`
        INSERT INTO gateway_probes (gateway_key, probed_at)
        SELECT key, max(clock_timestamp() - make_interval(secs => ago / 1000))
        FROM json_to_recordset(${JSON.stringify(marks)}::json) AS mark(key uuid, ago float)
        GROUP BY 1
        ORDER BY 1
        ON CONFLICT (gateway_key) DO UPDATE
          SET probed_at = greatest(gateway_probes.probed_at, EXCLUDED.probed_at)`;
    },

    /** Milliseconds since each gateway was probed, by key; without an entry it was never probed. */
    async findAges(keys: string[]): Promise<Map<string, number>> {
      const rows = await db.$queryRaw<ProbeMark[]>`
        SELECT gateway_key AS key, (extract(epoch FROM clock_timestamp() - probed_at) * 1000)::float AS ago
        FROM gateway_probes
        WHERE gateway_key = ANY(${keys}::uuid[])`;
      return new Map(rows.map(({ key, ago }) => [key, ago]));
    },

    /** Deletes marks older than a day: their gateways are deleted, or start over like new ones. */
    async pruneOld(): Promise<void> {
      await db.$executeRaw`
        DELETE FROM gateway_probes
        WHERE probed_at < now() - interval '1 day'`;
    },
  };
}
