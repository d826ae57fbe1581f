import type { Database, Queryable } from '@oriontel/database';
import { SHARD_COUNT } from './shard.ts';

/** Leases of shards by monitors. All times are of the database clock. */
export function shards(db: Database) {
  return {
    /**
     * Records a heartbeat of the monitor, renews its shards for `leaseSeconds` and claims free shards up to
     * its fair share. Returns the shards it holds; release the `surplus` once its gateways are no longer
     * probed.
     */
    renew(id: string, leaseSeconds: number): Promise<{ held: number[]; surplus: number[] }> {
      return db.$transaction(async (tx) => {
        const monitors = await recordHeartbeat(tx, id, leaseSeconds);
        const renewed = await tx.$queryRaw<{ shard: number }[]>`
          UPDATE monitor_shards
          SET leased_until = now() + make_interval(secs => ${leaseSeconds}::float)
          WHERE monitor_id = ${id}::uuid
          RETURNING shard`;
        const share = Math.ceil(SHARD_COUNT / monitors);
        const missing = share - renewed.length;
        const claimed = missing > 0 ? await claimFreeShards(tx, id, leaseSeconds, missing) : [];
        const all = [...renewed, ...claimed].map(({ shard }) => shard).sort((a, b) => a - b);
        return { held: all.slice(0, share), surplus: all.slice(share) };
      });
    },

    /** The number of leased shards, and of the monitors that hold them. */
    async countHeld(): Promise<{ held: number; monitors: number }> {
      const [row] = await db.$queryRaw<[{ held: number; monitors: number }]>`
        SELECT count(*)::int AS held, count(DISTINCT monitor_id)::int AS monitors
        FROM monitor_shards
        WHERE monitor_id IS NOT NULL
          AND leased_until > now()`;
      return row;
    },

    async release(id: string, released: number[]): Promise<void> {
      await db.$executeRaw`
        UPDATE monitor_shards
        SET monitor_id = NULL, leased_until = to_timestamp(0)
        WHERE monitor_id = ${id}::uuid
          AND shard = ANY(${released}::smallint[])`;
    },

    /**
     * Removes a stopping monitor and frees its shards, so that others need not wait for the leases to expire.
     */
    async leave(id: string): Promise<void> {
      await db.$transaction([
        db.$executeRaw`
          UPDATE monitor_shards
          SET monitor_id = NULL, leased_until = to_timestamp(0)
          WHERE monitor_id = ${id}::uuid`,
        db.$executeRaw`DELETE FROM monitors WHERE id = ${id}::uuid`,
      ]);
    },
  };
}

/** Returns the number of live monitors, this one included. */
async function recordHeartbeat(tx: Queryable, id: string, leaseSeconds: number): Promise<number> {
  await tx.$executeRaw`
    INSERT INTO monitors (id, alive_until)
    VALUES (${id}::uuid, now() + make_interval(secs => ${leaseSeconds}::float))
    ON CONFLICT (id) DO UPDATE SET alive_until = EXCLUDED.alive_until`;
  await tx.$executeRaw`DELETE FROM monitors WHERE alive_until < now() - interval '1 minute'`;
  const [row] = await tx.$queryRaw<[{ alive: number }]>`
    SELECT count(*)::int AS alive
    FROM monitors
    WHERE alive_until > now()`;
  return row.alive;
}

function claimFreeShards(
  tx: Queryable,
  id: string,
  leaseSeconds: number,
  limit: number,
): Promise<{ shard: number }[]> {
  return tx.$queryRaw`
    UPDATE monitor_shards
    SET monitor_id = ${id}::uuid, leased_until = now() + make_interval(secs => ${leaseSeconds}::float)
    WHERE shard IN (
      SELECT shard
      FROM monitor_shards
      WHERE leased_until < now()
      ORDER BY shard
      LIMIT ${limit}::int
      FOR UPDATE SKIP LOCKED
    )
    RETURNING shard`;
}
