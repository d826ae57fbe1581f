import type { ShutdownStep } from '../process/end-process.ts';

/**
 * SIGINT: fast shutdown (disconnects clients and writes everything); SIGQUIT: immediate shutdown (the next
 * start recovers); SIGKILL for a server that hangs.
 */
export function shutdownSteps(timeoutMs: number): ShutdownStep[] {
  return [
    { signal: 'SIGINT', timeoutMs },
    { signal: 'SIGQUIT', timeoutMs: 1_000 },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ];
}
