import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

const DAYS = 7;
const BITE = 1_000;

/** Deletes what arrived more than a week ago. Returns how many. */
export const forgetArrived = async (db: Queryable, signal?: AbortSignal): Promise<number> => {
  let forgotten = 0;
  while (!signal?.aborted) {
    const bite = await forwardings(db).forget(DAYS, BITE);
    forgotten += bite;
    if (bite < BITE) break;
  }
  return forgotten;
};
