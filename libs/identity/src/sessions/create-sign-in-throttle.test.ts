import type { Failure } from '@oriontel/contracts';
import { beforeEach, expect, test } from 'vitest';
import { createSignInThrottle, type SignInThrottle } from './create-sign-in-throttle.ts';

let nowMs: number;
let throttle: SignInThrottle;
beforeEach(() => {
  nowMs = 1_000_000;
  throttle = createSignInThrottle(() => nowMs);
});

const OWNER = { username: 'owner', address: '192.0.2.1' };

/** Seconds until the next attempt is allowed. */
function waitOf(attempt = OWNER): number {
  try {
    throttle.check(attempt);
    return 0;
  } catch (error) {
    return (error as Failure).retryAfter!;
  }
}
function fail(times: number, attempt = OWNER): void {
  for (let i = 0; i < times; i += 1) throttle.recordFailure(attempt);
}

test('five failures are free, then the delay doubles up to a minute', () => {
  fail(4);
  const waits = Array.from({ length: 9 }, () => {
    fail(1);
    return waitOf();
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  nowMs += 59_999;
  expect(waitOf()).toBe(1);
  nowMs += 1;
  expect(waitOf()).toBe(0);
});

test('the username ignores case; another account of the same address is not throttled', () => {
  fail(6);
  expect(waitOf({ ...OWNER, username: 'OWNER' })).toBe(2);
  expect(waitOf({ ...OWNER, username: 'other' })).toBe(0);
});

test('guesses from many addresses do not lock out the owner, but each address waits after a failure', () => {
  for (let i = 0; i < 300; i += 1) fail(1, { ...OWNER, address: `198.51.100.${i}` });
  expect(waitOf()).toBe(0);
  expect(waitOf({ ...OWNER, address: '198.51.100.7' })).toBe(60);
});

test('a success, or a quarter of an hour, ends the delay', () => {
  fail(8);
  throttle.recordSuccess(OWNER);
  expect(waitOf()).toBe(0);
  fail(1);
  expect(waitOf()).toBe(0);
  fail(20);
  nowMs += 15 * 60_000 + 1;
  fail(1);
  expect(waitOf()).toBe(0);
});
