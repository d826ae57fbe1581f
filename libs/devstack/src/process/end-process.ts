import { setTimeout as pause } from 'node:timers/promises';

export type ShutdownStep = { signal: NodeJS.Signals; timeoutMs: number; group?: boolean };

/**
 * Sends the signals one after another, each with its own patience in milliseconds, until the process is gone.
 * Answers whether it is. A child and a stranger are treated alike, so that both ways are tested by either.
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
      await pause(15);
    }
  }
  return !(await isAlive());
}

/** Signals a process, or with a negative pid its group. One that is gone already is what the sender wanted. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
