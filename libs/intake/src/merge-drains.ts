import type { Pointers } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { createGroupCommit } from './create-group-commit.ts';

const MAX_JOBS = 100;

/** Larger transactions are not faster, and a failure rolls back more rows. */
const MAX_BYTES = 512 * 1024;

/**
 * Merges small jobs that arrive while others are drained into one transaction. If it fails, every merged job
 * fails and is retried. `maxInFlight`: concurrent transactions.
 */
export function mergeDrains(drain: Drain, maxInFlight: number): Drain {
  const groups = createGroupCommit<Pointers>({
    write: (jobs) => drain({ ids: jobs.flatMap(({ ids }) => ids), swept: false }),
    sizeOf: ({ bytes = MAX_BYTES }) => bytes,
    maxInFlight,
    maxItems: MAX_JOBS,
    maxBytes: MAX_BYTES,
    extraWriterAt: { items: MAX_JOBS, bytes: MAX_BYTES / 2 },
  });
  return function drainMerged(pointers) {
    // A swept row may have killed its worker: it is never merged with others.
    return pointers.swept ? drain(pointers) : groups.add(pointers);
  };
}
