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
  await database.db.$executeRaw`DELETE FROM gateway_result_hours`;
  const rows = [ours, theirs].flatMap((gateway) =>
    times.map((at) => buildIntakeRow(gateway, buildMeasurement({ at }))),
  );
  await storeInTransaction(database.db, rows);
});

async function storedHours({ key }: FoundGateway): Promise<string[]> {
  const rows = await database.db.gatewayResultHour.findMany({
    where: { gatewayKey: key },
    orderBy: { hour: 'asc' },
  });
  return rows.map(({ hour }) => hour.toISOString().slice(0, 13));
}

async function storedTimes({ key }: FoundGateway): Promise<string[]> {
  const rows = await database.db.$queryRaw<{ at: Date }[]>`
    SELECT at
    FROM gateway_results
    WHERE gateway_key = ${key}::uuid
    ORDER BY at`;
  return rows.map(({ at }) => at.toISOString().replace('.000', ''));
}
function prune(retentionDays: (number | null)[]) {
  const retentions = retentionDays.map((days, index) => ({ orgId: index + 1, days }));
  return pruneResults(database.db, async () => retentions)(NOW);
}

test('pruneResults deletes the expired whole days of one organization only', async () => {
  expect(await prune([10, null])).toBe('0 months and 2 results deleted');
  expect(await storedTimes(ours)).toEqual(times.slice(2));
  expect(await storedTimes(theirs)).toEqual(times);
  expect(await storedHours(ours)).toEqual(['2024-03-10T00', '2024-03-20T11']);
  expect(await storedHours(theirs)).toHaveLength(4);
});

test('pruneResults deletes nothing without a retention', async () => {
  expect(await prune([null, null])).toBe('0 months and 0 results deleted');
  expect(await storedTimes(ours)).toEqual(times);
});

test('pruneResults drops the partition of a month that is expired for every organization', async () => {
  expect(await prune([30, 10])).toBe('1 months and 1 results deleted');
  expect(await storedTimes(ours)).toEqual(times.slice(1));
  expect(await storedTimes(theirs)).toEqual(times.slice(2));
});
