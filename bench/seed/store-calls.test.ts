import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEMO_ORGANIZATIONS, generateCalls } from './generate-calls.ts';
import { storeCalls } from './store-calls.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const LEGS = 3_000;
const OPTIONS = {
  seed: 1,
  legs: LEGS,
  from: new Date('2025-01-01T00:00:00Z'),
  to: new Date('2025-03-01T00:00:00Z'),
};

async function countRows() {
  const [counts] = await store.db.$queryRaw<[Record<string, bigint>]>`
    SELECT
      (SELECT count(*) FROM cdrs) AS stored,
      (SELECT count(*) FROM ONLY cdrs_default) AS "outsideWeeks",
      (SELECT sum(calls) FROM cdr_summary) AS summarized,
      (SELECT count(DISTINCT org_id) FROM cdrs) AS organizations,
      (SELECT count(*) FROM entities WHERE type = 'trunk') AS trunks`;
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
}

test('storeCalls stores every record once, in week partitions, and keeps the summary', async () => {
  const { from, to } = OPTIONS;
  const storeOptions = { organizations: DEMO_ORGANIZATIONS, from, to };
  const expected = { stored: LEGS, outsideWeeks: 0, summarized: LEGS, organizations: 5, trunks: 10 };
  for (let run = 1; run <= 2; run += 1) {
    expect(await storeCalls(store.db, generateCalls(OPTIONS), storeOptions)).toBe(LEGS);
    expect(await countRows()).toEqual(expected);
  }
});
