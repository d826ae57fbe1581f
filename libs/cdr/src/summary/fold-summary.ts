import type { Database } from '@oriontel/database';
import { callSummary } from './summary.repository.ts';

/** Deltas in one transaction: some milliseconds. */
const BITE = 5_000;

/** Folds what has come since the last time, bite by bite, unless another process does. Returns how many deltas it were. */
export const foldSummary = async (db: Database, isStopped: () => boolean = () => false): Promise<number> => {
  let all = 0;
  while (!isStopped()) {
    const folded = await db.$transaction((tx) => callSummary(tx).fold(BITE));
    all += folded;
    if (folded < BITE) break;
  }
  return all;
};
