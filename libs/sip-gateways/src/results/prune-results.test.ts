import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FoundGateway } from '../gateways/gateway.ts';
import { buildMeasurement, createTestGateway, buildIntakeRow, storeInTransaction } from '../testing.ts';
import { pruneResults } from './prune-results.ts';

let database: TestDatabase;
let ours: FoundGateway;
let theirs: FoundGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db
    .$executeRaw`SELECT make_month_partition('gateway_results'::regclass, '2024-01-01T00:00:00Z')`;
  ours = await createTestGateway(database.db, { orgId: 1 });
  theirs = await createTestGateway(database.db, { orgId: 2 });
});
afterAll(() => database.drop());

const NOW = new Date('2024-03-20T12:00:00Z');
const times = [
  '2024-01-05T00:00:00Z',
  '2024-03-09T23:59:59Z',
  '2024-03-10T00:00:00Z',
  '2024-03-20T11:00:00Z',
];
beforeEach(async () => {
  await database.db.$executeRaw`DELETE FROM gateway_results`;
  const rows = [ours, theirs].flatMap((gateway) =>
    times.map((at) => buildIntakeRow(gateway, buildMeasurement({ at }))),
  );
  await storeInTransaction(database.db, rows);
});

async function left({ key }: FoundGateway): Promise<string[]> {
  const rows = await database.db.$queryRaw<{ at: Date }[]>`
    SELECT at FROM gateway_results WHERE gateway_key = ${key}::uuid ORDER BY at`;
  return rows.map(({ at }) => at.toISOString().replace('.000', ''));
}
function retain(days: (number | null)[]) {
  return pruneResults(database.db, async () => days.map((each, index) => ({ orgId: index + 1, days: each })))(
    NOW,
  );
}

test('an organization loses what is older than it keeps, by whole days, and nobody else loses any', async () => {
  expect(await retain([10, null])).toBe('0 months and 2 results deleted');
  expect(await left(ours)).toEqual(times.slice(2));
  expect(await left(theirs)).toEqual(times);
});

test('where nobody sets an age nothing is deleted', async () => {
  expect(await retain([null, null])).toBe('0 months and 0 results deleted');
  expect(await left(ours)).toEqual(times);
});

test('a month that is too old for everybody goes as a whole', async () => {
  expect(await retain([30, 10])).toBe('1 months and 1 results deleted');
  expect(await left(ours)).toEqual(times.slice(1));
  expect(await left(theirs)).toEqual(times.slice(2));
});
