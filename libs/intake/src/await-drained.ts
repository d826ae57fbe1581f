import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks `isDone` until it says yes or `ms` milliseconds have passed: often at first, then ever less so.
 * Returns its last answer.
 */
export async function awaitDrained(isDone: () => Promise<boolean>, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  for (let pause = 4; ; pause = Math.min(pause * 1.5, 250)) {
    if (await isDone()) return true;
    const left = end - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
}
