import { MONTHS_AHEAD, WEEKS_AHEAD } from './migrate.ts';
import type { Queryable } from './sql-transaction.ts';

/**
 * Creates missing partitions of all partitioned tables: weeks of `cdrs`, months of the others; safe to run
 * concurrently. Returns how many it created.
 */
export async function createPartitions(db: Queryable): Promise<number> {
  const [row] = await db.$queryRaw<[{ made: number }]>`
    SELECT make_partitions(${WEEKS_AHEAD}::int, ${MONTHS_AHEAD}::int) AS made`;
  return row.made;
}

/** A partition of a table: rows with a time between `from`, inclusive, and `before`, exclusive. */
export interface Partition {
  name: string;
  from: Date;
  before: Date;
}

/** Lists the partitions of a table that end before last month, oldest first. */
export async function pastPartitions(db: Queryable, table: string): Promise<Partition[]> {
  return db.$queryRaw<Partition[]>`
    SELECT partition::text AS name, lower_bound AS "from", upper_bound AS before
    FROM range_partitions(to_regclass(${table}::text))
    WHERE upper_bound <= date_trunc('month', now(), 'UTC') - interval '1 month'
    ORDER BY lower_bound`;
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
