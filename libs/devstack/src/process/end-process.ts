import { setTimeout as sleep } from 'node:timers/promises';

const POLL_INTERVAL_MS = 15;

export type ShutdownStep = { signal: NodeJS.Signals; timeoutMs: number; group?: boolean };

/**
 * Sends the signals of `steps`, waiting up to the timeout of each, until the process has ended. Returns
 * whether it has. Works for any process, not only for children.
 */
export async function endProcess(
  pid: number,
  isAlive: () => Promise<boolean> | boolean,
  steps: ShutdownStep[],
): Promise<boolean> {
  for (const { signal, timeoutMs, group } of steps) {
    if (!(await isAlive())) return true;
    sendSignal(group ? -pid : pid, signal);
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      if (!(await isAlive())) return true;
      await sleep(POLL_INTERVAL_MS);
    }
  }
  return !(await isAlive());
}

/** Signals a process, or with a negative pid its group. A process that has ended is not an error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
