import type { Queryable } from '@oriontel/database';

export interface ProbeMark {
  key: string;
  /** Milliseconds since. */
  ago: number;
}

/** The only file that speaks to the gateway_probes table. The clock is the database's: monitors run on several hosts. */
export function gatewayProbes(db: Queryable) {
  return {
    async mark(marks: ProbeMark[]): Promise<void> {
      await db.$executeRaw`
      INSERT INTO gateway_probes (gateway_key, probed_at)
      SELECT key, max(clock_timestamp() - make_interval(secs => ago / 1000))
      FROM json_to_recordset(${JSON.stringify(marks)}::json) AS mark(key uuid, ago float) GROUP BY 1 ORDER BY 1
      ON CONFLICT (gateway_key) DO UPDATE SET probed_at = greatest(gateway_probes.probed_at, EXCLUDED.probed_at)`;
    },

    /** Milliseconds since each was probed; what is not in it never was. */
    async findAges(keys: string[]): Promise<Map<string, number>> {
      const rows = await db.$queryRaw<ProbeMark[]>`
      SELECT gateway_key AS key, (extract(epoch FROM clock_timestamp() - probed_at) * 1000)::float AS ago
      FROM gateway_probes WHERE gateway_key = ANY(${keys}::uuid[])`;
      return new Map(rows.map(({ key, ago }) => [key, ago]));
    },

    /** Forgets those that have not been probed for a day: they are gone, or begin anew. */
    async pruneOld(): Promise<void> {
      await db.$executeRaw`DELETE FROM gateway_probes WHERE probed_at < now() - interval '1 day'`;
    },
  };
}
