import type { Pointers } from './define-intake.ts';
import type { Drain } from './drain.ts';
import { openGroupCommit } from './group-commit.ts';

const MOST_JOBS = 100;
/** A transaction that stores much more gains nothing, and takes others' rows with it where it fails. */
const MOST_BYTES = 512 * 1024;

/**
 * Small jobs that come while others are being drained are drained together by the next transaction, as requests are
 * committed together. A job that fails fails those that were merged with it: each comes again, and finds what is left.
 * `inFlight`: transactions at once.
 */
export const mergeDrains = (drain: Drain, inFlight: number): Drain => {
  const groups = openGroupCommit<Pointers>({
    write: (jobs) => drain({ ids: jobs.flatMap(({ ids }) => ids), swept: false }),
    sizeOf: ({ bytes = MOST_BYTES }) => bytes,
    inFlight,
    maxItems: MOST_JOBS,
    maxBytes: MOST_BYTES,
  });
  // Swept rows are suspects, and go as the sweeper sent them.
  return (pointers) => (pointers.swept ? drain(pointers) : groups.add(pointers));
};
