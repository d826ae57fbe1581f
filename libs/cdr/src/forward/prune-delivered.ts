import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

const RETENTION_DAYS = 7;
const CHUNK_ROWS = 1_000;

/** Deletes the rows of batches that were delivered more than a week ago. Returns their number. */
export async function pruneDelivered(db: Queryable, signal?: AbortSignal): Promise<number> {
  let total = 0;
  while (!signal?.aborted) {
    const count = await forwardings(db).pruneDelivered(RETENTION_DAYS, CHUNK_ROWS);
    total += count;
    if (count < CHUNK_ROWS) break;
  }
  return total;
}
