import type { Database } from '@oriontel/database';
import { callSummary } from './summary.repository.ts';

/** Deltas in one transaction: some milliseconds. */
const CHUNK_DELTAS = 5_000;

/** Folds what has come since the last time, bite by bite, unless another process does. Returns how many deltas it were. */
export async function foldSummary(db: Database, isStopped: () => boolean = () => false): Promise<number> {
  let all = 0;
  while (!isStopped()) {
    const folded = await db.$transaction((tx) => callSummary(tx).fold(CHUNK_DELTAS));
    all += folded;
    if (folded < CHUNK_DELTAS) break;
  }
  return all;
}
