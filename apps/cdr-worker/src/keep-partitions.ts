import { makePartitions, type Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

const SIX_HOURS = 6 * 3_600_000;

/** Makes the coming months' partitions now and every six hours. Returns how to stop. */
export const keepPartitions = (db: Database, log: Logger): (() => Promise<void>) => {
  const make = () =>
    makePartitions(db).then(
      (made) => made > 0 && log.info({ made }, 'partitions made'),
      (err: unknown) => log.error({ err }, 'partitions could not be made: rows go to the default partition'),
    );
  const timer = setInterval(() => void make(), SIX_HOURS);
  const first = make();
  return async () => {
    clearInterval(timer);
    await first;
  };
};
