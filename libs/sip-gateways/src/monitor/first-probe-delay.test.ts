import { expect, test } from 'vitest';
import { firstProbeDelay } from './first-probe-delay.ts';

test.each([
  ['spreads new gateways over their interval', 30, undefined, 0.5, 15_000],
  ['probes a new gateway with a long interval within a minute', 3_600, undefined, 0.5, 30_000],
  ['continues the interval of a gateway probed recently', 60, 20_000, 0.5, 40_000],
  ['probes an overdue gateway within two seconds', 60, 65_000, 0.5, 1_000],
  ['probes an overdue gateway with a short interval within that interval', 1, 1_500, 0.5, 500],
  ['treats a gateway that had no monitor like a new one', 60, 76_000, 0.5, 30_000],
])('firstProbeDelay %s', (_, intervalSeconds, probedAgo, random, expected) => {
  expect(firstProbeDelay({ intervalSeconds }, probedAgo, random)).toBe(expected);
});
