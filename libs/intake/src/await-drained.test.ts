import { expect, test, vi } from 'vitest';
import { awaitDrained } from './await-drained.ts';

test('answers yes as soon as it is done', async () => {
  const isDone = vi.fn().mockResolvedValueOnce(false).mockResolvedValueOnce(false).mockResolvedValue(true);
  expect(await awaitDrained(isDone, 60_000)).toBe(true);
  expect(isDone).toHaveBeenCalledTimes(3);
});

test('what is done already is answered without waiting, even with no time at all', async () => {
  expect(await awaitDrained(async () => true, 0)).toBe(true);
});

test('answers no when the time is over, having asked once more at its end, ever less often', async () => {
  const asked: number[] = [];
  const began = performance.now();
  async function isDone() {
    asked.push(performance.now() - began);
    return false;
  }
  expect(await awaitDrained(isDone, 300)).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(asked.at(-1)).toBeGreaterThanOrEqual(298);
  expect(asked.length).toBeGreaterThan(3);
  expect(asked.length).toBeLessThan(20);
});

test('an error of the question is the answer', async () => {
  await expect(awaitDrained(() => Promise.reject(new Error('database is away')), 1_000)).rejects.toThrow(
    'away',
  );
});
