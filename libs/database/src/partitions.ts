import { MONTHS_AHEAD } from './migrate.ts';
import type { Queryable } from './sql-transaction.ts';

/**
 * Creates missing monthly partitions of all partitioned tables; safe to run concurrently. Returns how many it
 * created.
 */
export async function createPartitions(db: Queryable): Promise<number> {
  const [row] = await db.$queryRaw<[{ made: number }]>`
    SELECT make_month_partitions(${MONTHS_AHEAD}::int) AS made`;
  return row.made;
}

/** A monthly partition of a table: a calendar month in UTC, `from` inclusive, `before` exclusive. */
export interface Partition {
  name: string;
  from: Date;
  before: Date;
}

/** Lists the monthly partitions of a table that are older than last month, oldest first. */
export async function pastPartitions(db: Queryable, table: string): Promise<Partition[]> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT part.relname::text AS name
    FROM pg_inherits
    JOIN pg_class part ON part.oid = inhrelid
    WHERE inhparent = to_regclass(${table}::text)
      AND part.relname ~ '_[0-9]{4}_[0-9]{2}$'
      AND right(part.relname, 7) < to_char(
        (date_trunc('month', now(), 'UTC') - interval '1 month') AT TIME ZONE 'UTC',
        'YYYY_MM'
      )
    ORDER BY part.relname`;
  return rows.map(({ name }) => {
    const [year, month] = name.slice(-7).split('_').map(Number) as [number, number];
    return { name, from: new Date(Date.UTC(year, month - 1)), before: new Date(Date.UTC(year, month)) };
  });
}

/** Limit for the exclusive lock: writers queue behind it, so it gives up before they time out. */
const DROP_LOCK_TIMEOUT_MS = 500;

/**
 * Locks a partition, calls `check` and drops the partition unless `check` returns null. Returns the result of
 * `check`. Must run in a transaction. Rejects with an error that `isUnavailable` recognizes if the table
 * stays in use.
 */
export async function dropPartition<T>(
  tx: Queryable,
  { name }: Partition,
  check: () => Promise<T | null>,
): Promise<T | null> {
  await tx.$executeRaw`SELECT set_config('lock_timeout', ${String(DROP_LOCK_TIMEOUT_MS)}, true)`;
  await tx.$executeRaw`SELECT lock_partition(to_regclass(${name}::text))`;
  const result = await check();
  if (result !== null) await tx.$executeRaw`SELECT drop_partition(to_regclass(${name}::text))`;
  return result;
}
