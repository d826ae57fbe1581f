import { createPartitions, type Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/** Makes the coming months' partitions at once: the first rows need them before their recurring work is due again. */
export function createFirstPartitions(db: Database, log: Logger): Promise<void> {
  return createPartitions(db).then(
    (made) => void (made && log.info({ made }, 'partitions made')),
    (err: unknown) => log.error({ err }, 'partitions could not be made: rows go to the default partition'),
  );
}
