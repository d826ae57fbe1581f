import { expect, test } from 'vitest';
import { nextJitter } from './next-jitter.ts';

test('nextJitter is null until two consecutive latencies, and keeps its value without one', () => {
  expect(nextJitter(null, null, 20)).toBeNull();
  expect(nextJitter(null, 20, null)).toBeNull();
  expect(nextJitter(3, null, 20)).toBe(3);
  expect(nextJitter(3, 20, null)).toBe(3);
});

test('nextJitter moves by a sixteenth towards each absolute difference', () => {
  expect(nextJitter(null, 20, 36)).toBe(1);
  expect(nextJitter(null, 36, 20)).toBe(1);
  expect(nextJitter(1, 20, 37)).toBe(2);
  expect(nextJitter(16, 20, 20)).toBe(15);
});

test('nextJitter converges to a constant difference', () => {
  let jitter: number | null = null;
  for (let i = 0; i < 200; i += 1) jitter = nextJitter(jitter, i % 2 ? 20 : 30, i % 2 ? 30 : 20);
  expect(jitter).toBeCloseTo(10, 4);
});
