import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

const RETENTION_DAYS = 7;
const CHUNK_ROWS = 1_000;

/** Deletes what arrived more than a week ago. Returns how many. */
export async function pruneDelivered(db: Queryable, signal?: AbortSignal): Promise<number> {
  let forgotten = 0;
  while (!signal?.aborted) {
    const bite = await forwardings(db).pruneDelivered(RETENTION_DAYS, CHUNK_ROWS);
    forgotten += bite;
    if (bite < CHUNK_ROWS) break;
  }
  return forgotten;
}
