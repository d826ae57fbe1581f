import type { Queryable } from '@oriontel/database';
import { forwardings, type AcceptedRange } from './forwarding.repository.ts';

/** Rows per statement: limits how long its locks are held. */
const CHUNK_ROWS = 1_000;

/**
 * Sends the dead letters accepted in a range again. `orgId` null: of all organizations. Returns their number.
 */
export function redriveDeadLetters(db: Queryable) {
  return async function redriveRange(orgId: number | null, range: AcceptedRange): Promise<number> {
    let total = 0;
    for (;;) {
      const count = await forwardings(db).redriveChunk(orgId, range, CHUNK_ROWS);
      total += count;
      if (count < CHUNK_ROWS) return total;
    }
  };
}
