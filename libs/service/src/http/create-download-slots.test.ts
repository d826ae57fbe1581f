import type { Failure } from '@oriontel/contracts';
import { expect, test } from 'vitest';
import { createDownloadSlots } from './create-download-slots.ts';

function outcomeOf(acquire: () => unknown): string {
  try {
    acquire();
    return 'acquired';
  } catch (error) {
    return (error as Failure).code;
  }
}

test('an organization has as many slots as its limit, and a released one is free again', () => {
  const acquire = createDownloadSlots({ maxTotal: 8, maxPerOrg: 2 });
  const release = acquire(1);
  acquire(1);
  expect(outcomeOf(() => acquire(1))).toBe('too_many_requests');
  release();
  release();
  expect(outcomeOf(() => acquire(1))).toBe('acquired');
  expect(outcomeOf(() => acquire(1))).toBe('too_many_requests');
});

test('two organizations that take all they can leave slots for others', () => {
  const acquire = createDownloadSlots({ maxTotal: 4, maxPerOrg: 4 });
  const outcomes = [1, 1, 1, 2, 2, 3, null].map((orgId) => outcomeOf(() => acquire(orgId)));
  expect(outcomes).toEqual([
    'acquired',
    'acquired',
    'too_many_requests',
    'acquired',
    'too_many_requests',
    'acquired',
    'unavailable',
  ]);
});
