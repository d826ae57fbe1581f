import type { Queryable } from '@oriontel/database';
import { forwardings, type AcceptedRange } from './forwarding.repository.ts';

/** At a time: each bite is a statement, and its locks, of its own. */
const CHUNK_ROWS = 1_000;

/**
 * Sends again the dead letters of one organization, or of all, whose submissions were accepted in the range. Returns how
 * many.
 */
export function redriveDeadLetters(db: Queryable) {
  return async function redriveRange(orgId: number | null, range: AcceptedRange): Promise<number> {
    let redriven = 0;
    for (;;) {
      const bite = await forwardings(db).redriveChunk(orgId, range, CHUNK_ROWS);
      redriven += bite;
      if (bite < CHUNK_ROWS) return redriven;
    }
  };
}
