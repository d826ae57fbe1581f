import { expect, test, vi } from 'vitest';
import { awaitDrained } from './await-drained.ts';

test('awaitDrained returns true as soon as isDone does', async () => {
  const isDone = vi.fn().mockResolvedValueOnce(false).mockResolvedValueOnce(false).mockResolvedValue(true);
  expect(await awaitDrained(isDone, 60_000)).toBe(true);
  expect(isDone).toHaveBeenCalledTimes(3);
});

test('awaitDrained returns true at once if isDone is true, even with a timeout of 0', async () => {
  expect(await awaitDrained(async () => true, 0)).toBe(true);
});

test('awaitDrained returns false after the timeout and a last check, with increasing pauses', async () => {
  const callTimes: number[] = [];
  const startedAt = performance.now();
  async function isDone(): Promise<boolean> {
    callTimes.push(performance.now() - startedAt);
    return false;
  }
  expect(await awaitDrained(isDone, 300)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(callTimes.at(-1)).toBeGreaterThanOrEqual(298);
  expect(callTimes.length).toBeGreaterThan(3);
  expect(callTimes.length).toBeLessThan(20);
});

test('awaitDrained rejects if isDone rejects', async () => {
  await expect(awaitDrained(() => Promise.reject(new Error('database is down')), 1_000)).rejects.toThrow(
    'down',
  );
});
