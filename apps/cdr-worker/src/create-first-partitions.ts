import { createPartitions, type Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/**
 * Creates the partitions of the coming months at start, before their recurring task is due. Never rejects.
 */
export async function createFirstPartitions(db: Database, log: Logger): Promise<void> {
  try {
    const created = await createPartitions(db);
    if (created) log.info({ created }, 'partitions created');
  } catch (err) {
    log.error({ err }, 'creating partitions failed; rows go to the default partition');
  }
}
