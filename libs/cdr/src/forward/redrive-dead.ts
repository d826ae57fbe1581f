import type { Queryable } from '@oriontel/database';
import { forwardings, type AcceptedRange } from './forwarding.repository.ts';

/** At a time: each bite is a statement, and its locks, of its own. */
const BITE = 1_000;

/**
 * Sends again the dead letters of one organization, or of all, whose submissions were accepted in the range. Returns how
 * many.
 */
export const redriveDead =
  (db: Queryable) =>
  async (orgId: number | null, range: AcceptedRange): Promise<number> => {
    let redriven = 0;
    for (;;) {
      const bite = await forwardings(db).redriveSome(orgId, range, BITE);
      redriven += bite;
      if (bite < BITE) return redriven;
    }
  };
