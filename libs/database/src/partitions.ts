import type { Queryable } from './client.ts';
import { MONTHS_AHEAD } from './migrate.ts';

/** Makes the months' partitions that are not there yet; safe to call from many processes. Returns how many it made. */
export const makePartitions = async (db: Queryable): Promise<number> => {
  // In UTC: west of it, adding months to the first of one may end on the last of one.
  const [row] = await db.$queryRaw<[{ made: number }]>`
    SELECT make_month_partitions(${MONTHS_AHEAD}::int) AS made FROM set_config('TimeZone', 'UTC', true)`;
  return row.made;
};
