import type { Queryable } from './client.ts';
import { MONTHS_AHEAD } from './migrate.ts';

/** Makes the months' partitions that are not there yet; safe to call from many processes. Returns how many it made. */
export const makePartitions = async (db: Queryable): Promise<number> => {
  const [row] = await db.$queryRaw<[{ made: number }]>`
    SELECT make_month_partitions(${MONTHS_AHEAD}::int) AS made`;
  return row.made;
};
