import { expect, test } from 'vitest';
import { firstProbeDelay } from './first-probe-delay.ts';

test.each([
  ['a new one anywhere in its interval', 30, undefined, 0.5, 15_000],
  ['a new one in its first minute, where its interval is long', 3_600, undefined, 0.5, 30_000],
  ['one that was probed a while ago when its interval ends', 60, 20_000, 0.5, 40_000],
  ['one that is overdue within two seconds', 60, 65_000, 0.5, 1_000],
  ['one that is overdue, of a short interval', 1, 1_500, 0.5, 500],
  ['one that nobody probed for long like a new one', 60, 76_000, 0.5, 30_000],
])('%s', (_, intervalSeconds, probedAgo, random, expected) => {
  expect(firstProbeDelay({ intervalSeconds }, probedAgo, random)).toBe(expected);
});
