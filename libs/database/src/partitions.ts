import type { Queryable } from './client.ts';
import { MONTHS_AHEAD } from './migrate.ts';

/** Makes the months' partitions that are not there yet; safe to call from many processes. Returns how many it made. */
export async function createPartitions(db: Queryable): Promise<number> {
  const [row] = await db.$queryRaw<[{ made: number }]>`
    SELECT make_month_partitions(${MONTHS_AHEAD}::int) AS made`;
  return row.made;
}

/** A month's part of a partitioned table: from the first moment of the month (UTC) to that of the next, which is not in it. */
export interface Partition {
  name: string;
  from: Date;
  before: Date;
}

/** The months' partitions of a table that lie before the months that makePartitions() keeps ready, the oldest first. */
export async function pastPartitions(db: Queryable, table: string): Promise<Partition[]> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT part.relname::text AS name FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
    WHERE inhparent = to_regclass(${table}::text) AND part.relname ~ '_[0-9]{4}_[0-9]{2}$'
      AND right(part.relname, 7) < to_char((date_trunc('month', now(), 'UTC') - interval '1 month') AT TIME ZONE 'UTC', 'YYYY_MM')
    ORDER BY part.relname`;
  return rows.map(({ name }) => {
    const [year, month] = name.slice(-7).split('_').map(Number) as [number, number];
    return { name, from: new Date(Date.UTC(year, month - 1)), before: new Date(Date.UTC(year, month)) };
  });
}

/** Milliseconds to wait for the lock that dropping takes: whoever stores waits behind it, so it gives up before they do. */
const DROP_LOCK_TIMEOUT_MS = 500;

/**
 * Takes one month away, inside a transaction: no row gets into it while `beforehand` looks at it. Rejects as a database that is
 * unavailable where the table is in use for too long.
 */
export async function dropPartition<T>(
  tx: Queryable,
  { name }: Partition,
  beforehand: () => Promise<T | null>,
): Promise<T | null> {
  await tx.$executeRaw`SELECT set_config('lock_timeout', ${String(DROP_LOCK_TIMEOUT_MS)}, true)`;
  await tx.$executeRaw`SELECT lock_partition(to_regclass(${name}::text))`;
  const seen = await beforehand();
  if (seen !== null) await tx.$executeRaw`SELECT drop_partition(to_regclass(${name}::text))`;
  return seen;
}
