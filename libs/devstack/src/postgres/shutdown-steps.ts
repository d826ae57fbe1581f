import type { ShutdownStep } from '../process/end-process.ts';

/**
 * SIGINT is PostgreSQL's fast shutdown (clients are cut off, everything is written), SIGQUIT its immediate one (the
 * next start recovers from the log), SIGKILL for a server that does not even do that.
 */
export function shutdownSteps(within: number): ShutdownStep[] {
  return [
    { signal: 'SIGINT', timeoutMs: within },
    { signal: 'SIGQUIT', timeoutMs: 1_000 },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ];
}
