import type { Database, Queryable } from '@oriontel/database';
import { SHARD_COUNT } from './shard.ts';

/** The only file that speaks to the monitors and monitor_shards tables. The clock is the database's. */
export function shards(db: Database) {
  return {
    /**
     * Says that the monitor lives and renews what it holds, for `lease` seconds; takes what is free up to its fair share of all.
     * Returns what it holds now; `surplus` is to be let go of, once it is no longer probed.
     */
    renew(id: string, lease: number): Promise<{ held: number[]; surplus: number[] }> {
      return db.$transaction(async (tx) => {
        const alive = await recordHeartbeat(tx, id, lease);
        const renewed = await tx.$queryRaw<{ shard: number }[]>`
        UPDATE monitor_shards SET leased_until = now() + make_interval(secs => ${lease}::float)
        WHERE monitor_id = ${id}::uuid RETURNING shard`;
        const share = Math.ceil(SHARD_COUNT / alive);
        const taken =
          renewed.length < share ? await claimFreeShards(tx, id, lease, share - renewed.length) : [];
        const all = [...renewed, ...taken].map(({ shard }) => shard).sort((a, b) => a - b);
        return { held: all.slice(0, share), surplus: all.slice(share) };
      });
    },

    /** How many somebody holds, and by how many monitors they are held. */
    async countHeld(): Promise<{ held: number; monitors: number }> {
      const [row] = await db.$queryRaw<[{ held: number; monitors: number }]>`
      SELECT count(*)::int AS held, count(DISTINCT monitor_id)::int AS monitors
      FROM monitor_shards WHERE monitor_id IS NOT NULL AND leased_until > now()`;
      return row;
    },

    async release(id: string, given: number[]): Promise<void> {
      await db.$executeRaw`
      UPDATE monitor_shards SET monitor_id = NULL, leased_until = to_timestamp(0)
      WHERE monitor_id = ${id}::uuid AND shard = ANY(${given}::smallint[])`;
    },

    /** The end of a monitor: the others need not wait for its leases to end. */
    async leave(id: string): Promise<void> {
      await db.$transaction([
        db.$executeRaw`
        UPDATE monitor_shards SET monitor_id = NULL, leased_until = to_timestamp(0) WHERE monitor_id = ${id}::uuid`,
        db.$executeRaw`DELETE FROM monitors WHERE id = ${id}::uuid`,
      ]);
    },
  };
}

/** Returns how many monitors live. */
async function recordHeartbeat(tx: Queryable, id: string, lease: number): Promise<number> {
  await tx.$executeRaw`
    INSERT INTO monitors (id, alive_until) VALUES (${id}::uuid, now() + make_interval(secs => ${lease}::float))
    ON CONFLICT (id) DO UPDATE SET alive_until = EXCLUDED.alive_until`;
  await tx.$executeRaw`DELETE FROM monitors WHERE alive_until < now() - interval '1 minute'`;
  const [row] = await tx.$queryRaw<[{ alive: number }]>`
    SELECT count(*)::int AS alive FROM monitors WHERE alive_until > now()`;
  return row.alive;
}

function claimFreeShards(
  tx: Queryable,
  id: string,
  lease: number,
  most: number,
): Promise<{ shard: number }[]> {
  return tx.$queryRaw`
    UPDATE monitor_shards SET monitor_id = ${id}::uuid, leased_until = now() + make_interval(secs => ${lease}::float)
    WHERE shard IN (
      SELECT shard FROM monitor_shards WHERE leased_until < now() ORDER BY shard LIMIT ${most}::int FOR UPDATE SKIP LOCKED)
    RETURNING shard`;
}
