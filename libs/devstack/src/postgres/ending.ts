import type { EndingStep } from '../process/end-process.ts';

/**
 * SIGINT is PostgreSQL's fast shutdown (clients are cut off, everything is written), SIGQUIT its immediate one (the
 * next start recovers from the log), SIGKILL for a server that does not even do that.
 */
export const endingOf = (within: number): EndingStep[] => [
  { signal: 'SIGINT', within },
  { signal: 'SIGQUIT', within: 1_000 },
  { signal: 'SIGKILL', within: 500, group: true },
];
