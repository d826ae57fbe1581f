import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { circuit } from './circuit.repository.ts';

let store: TestDatabase;
let breaker: ReturnType<typeof circuit>;
beforeAll(async () => {
  store = await createTestDatabase();
  breaker = circuit(store.db, 1);
});
beforeEach(() => breaker.recordResponse());
afterAll(() => store.drop());

const FAILURE = {
  reason: 'response 500',
  failureThreshold: 3,
  firstOpenSeconds: 1_000,
  maxOpenSeconds: 3_000,
  minOpenSeconds: 0,
};

async function fail(count: number, more: Partial<typeof FAILURE> = {}, isProbe = false) {
  for (let i = 0; i < count; i += 1) await breaker.recordFailure(isProbe, { ...FAILURE, ...more });
}
async function openSeconds() {
  const [row] = await store.db.$queryRaw<[{ seconds: number }]>`
    SELECT round(extract(epoch FROM open_until - now()))::int AS seconds
    FROM forward_circuit`;
  return row.seconds;
}
function expire() {
  return store.db.$executeRaw`UPDATE forward_circuit SET open_until = now()`;
}

test('recordFailure opens the circuit at the threshold, and does not prolong it', async () => {
  await fail(2);
  expect(await breaker.read()).toEqual({ state: 'closed', failures: 2 });
  await fail(1);
  expect(await breaker.read()).toMatchObject({ state: 'open', reason: 'response 500' });
  expect(await openSeconds()).toBeCloseTo(1_000, -2);
  await fail(1, { firstOpenSeconds: 2_500 });
  expect(await openSeconds()).toBeCloseTo(1_000, -2);
});

test('recordFailure of a probe doubles the open time, up to the maximum', async () => {
  await fail(3);
  await fail(1, {}, true);
  expect(await openSeconds()).toBeCloseTo(2_000, -2);
  await fail(1, {}, true);
  expect(await openSeconds()).toBeCloseTo(3_000, -2);
});

test('recordFailure opens for as long as the receiver asked for', async () => {
  await fail(3, { minOpenSeconds: 9_000 });
  expect(await openSeconds()).toBeCloseTo(9_000, -2);
});

test('claimProbe succeeds for one of several callers, and only when the open time is over', async () => {
  expect(await breaker.claimProbe(30)).toBe(false);
  await fail(3);
  expect(await breaker.claimProbe(30)).toBe(false);
  await expire();
  expect(await breaker.read()).toMatchObject({ state: 'half-open' });
  const claims = await Promise.all(Array.from({ length: 6 }, () => breaker.claimProbe(30)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(await breaker.read()).toMatchObject({ state: 'open' });
  await breaker.releaseProbe();
  expect(await breaker.claimProbe(30)).toBe(true);
});

test('recordResponse closes the circuit and resets the open time', async () => {
  await fail(3);
  await fail(1, {}, true);
  await breaker.recordResponse();
  expect(await breaker.read()).toEqual({ state: 'closed', failures: 0 });
  await breaker.releaseProbe();
  expect(await breaker.read()).toEqual({ state: 'closed', failures: 0 });
  await fail(3);
  expect(await openSeconds()).toBeCloseTo(1_000, -2);
});

test('circuit reads an id without a row as closed', async () => {
  expect(await circuit(store.db, 2).read()).toEqual({ state: 'closed', failures: 0 });
});
