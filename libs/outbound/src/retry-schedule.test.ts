import { expect, test } from 'vitest';
import { retryDelaySeconds } from './retry-schedule.ts';

const SCHEDULE = { firstDelaySeconds: 1, maxDelaySeconds: 600 };
const longest = () => 0;
const shortest = () => 0.999999;

test('retryDelaySeconds doubles after each failure, up to the maximum', () => {
  const delays = [1, 2, 3, 4, 10, 11, 1_000, 10_000].map((failures) =>
    retryDelaySeconds(SCHEDULE, failures, { random: longest }),
  );
  expect(delays).toEqual([1, 2, 4, 8, 512, 600, 600, 600]);
});

test('retryDelaySeconds is up to a quarter shorter at random, also at the maximum', () => {
  expect(retryDelaySeconds(SCHEDULE, 3, { random: shortest })).toBeCloseTo(3);
  expect(retryDelaySeconds(SCHEDULE, 20, { random: shortest })).toBeCloseTo(450);
  for (let i = 0; i < 100; i += 1) {
    const delay = retryDelaySeconds(SCHEDULE, 20);
    expect(delay).toBeGreaterThan(450);
    expect(delay).toBeLessThanOrEqual(600);
  }
});

test('retryDelaySeconds honors Retry-After, up to the maximum', () => {
  expect(retryDelaySeconds(SCHEDULE, 1, { retryAfterSeconds: 120, random: shortest })).toBe(120);
  expect(retryDelaySeconds(SCHEDULE, 8, { retryAfterSeconds: 5, random: longest })).toBe(128);
  expect(retryDelaySeconds(SCHEDULE, 1, { retryAfterSeconds: 1e9, random: longest })).toBe(600);
});
