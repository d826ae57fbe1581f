import { expect, test } from 'vitest';
import { retryDelaySeconds, RETRY_SCHEDULE } from './retry-schedule.ts';

const middle = () => 0.5;

test('from a second on twice as long after each failure, up to ten minutes', () => {
  const delays = [1, 2, 3, 4, 10, 11, 1_000].map((attempts) =>
    retryDelaySeconds(RETRY_SCHEDULE, attempts, 0, middle),
  );
  expect(delays).toEqual([1, 2, 4, 8, 512, 600, 600]);
});

test('a quarter more or less, never more than ten minutes', () => {
  expect(retryDelaySeconds(RETRY_SCHEDULE, 3, 0, () => 0)).toBe(3);
  expect(retryDelaySeconds(RETRY_SCHEDULE, 3, 0, () => 0.999999)).toBeCloseTo(5);
  expect(retryDelaySeconds(RETRY_SCHEDULE, 20, 0, () => 0.999999)).toBe(600);
});

test('a receiver that asks for more time gets it, up to ten minutes', () => {
  expect(retryDelaySeconds(RETRY_SCHEDULE, 1, 120, middle)).toBe(120);
  expect(retryDelaySeconds(RETRY_SCHEDULE, 8, 5, middle)).toBe(128);
  expect(retryDelaySeconds(RETRY_SCHEDULE, 1, 1e9, middle)).toBe(600);
});
