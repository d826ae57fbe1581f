import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 4;
const MAX_PAUSE_MS = 250;

/**
 * Polls `isDone` with increasing pauses until it returns true or `timeoutMs` has passed.
 * Returns the last result of `isDone`; rejects if `isDone` rejects.
 */
export async function awaitDrained(isDone: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
    if (await isDone()) return true;
    const left = end - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
}
