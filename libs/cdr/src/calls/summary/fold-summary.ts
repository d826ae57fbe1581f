import type { Database } from '@oriontel/database';
import { callSummary } from './summary.repository.ts';

/** Deltas per transaction, which takes a few milliseconds. */
const CHUNK_DELTAS = 5_000;

/**
 * Folds all deltas into the summary, in chunks, unless another process is folding. Returns the number of
 * deltas.
 */
export async function foldSummary(db: Database, isStopped: () => boolean = () => false): Promise<number> {
  let total = 0;
  while (!isStopped()) {
    const folded = await db.$transaction((tx) => callSummary(tx).fold(CHUNK_DELTAS));
    total += folded;
    if (folded < CHUNK_DELTAS) break;
  }
  return total;
}
