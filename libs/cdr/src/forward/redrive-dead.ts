import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

/** At a time: each bite is a statement, and its locks, of its own. */
const BITE = 1_000;

/**
 * Sends again the dead letters whose submissions were accepted from `from` up to `to` (both included; null: no bound) of one
 * organisation or of all. Returns how many.
 */
export const redriveDead =
  (db: Queryable) =>
  async (orgId: number | null, from: Date | null, to: Date | null): Promise<number> => {
    let redriven = 0;
    for (;;) {
      const bite = await forwardings(db).redriveSome(orgId, from, to, BITE);
      redriven += bite;
      if (bite < BITE) return redriven;
    }
  };
