import type { Pointers } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { createGroupCommit } from './create-group-commit.ts';

const MAX_JOBS = 100;
/** A transaction that stores much more gains nothing, and takes others' rows with it where it fails. */
const MAX_BYTES = 512 * 1024;

/**
 * Small jobs that come while others are being drained are drained together by the next transaction, as requests are
 * committed together. A job that fails fails those that were merged with it: each comes again, and finds what is left.
 * `inFlight`: transactions at once.
 */
export function mergeDrains(drain: Drain, inFlight: number): Drain {
  const groups = createGroupCommit<Pointers>({
    write: (jobs) => drain({ ids: jobs.flatMap(({ ids }) => ids), swept: false }),
    sizeOf: ({ bytes = MAX_BYTES }) => bytes,
    maxInFlight: inFlight,
    maxItems: MAX_JOBS,
    maxBytes: MAX_BYTES,
  });
  // Swept rows are suspects, and go as the sweeper sent them.
  return function drainMerged(pointers) {
    return pointers.swept ? drain(pointers) : groups.add(pointers);
  };
}
