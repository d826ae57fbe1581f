import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { backlog, type BacklogFilter } from './backlog.repository.ts';
import { intakeRows, type NewRow } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';
import { createScratchDatabase } from './testing/scratch.ts';
import { v7 as uuidv7 } from 'uuid';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['intake', 'quarantine']) await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

const NOW = new Date('2100-01-01T00:00:00Z');

function filter(overrides: Partial<BacklogFilter> = {}): BacklogFilter {
  const accepted = { from: null, before: null };
  return { queue: 'words', orgId: null, accepted, upTo: NOW, ...overrides };
}

function countRecords(payload: unknown): number {
  return (payload as { records?: unknown[] }).records?.length ?? 1;
}

async function insertPending(payloads: unknown[], overrides: Partial<NewRow> = {}): Promise<string[]> {
  const rows = payloads.map((payload) => ({
    ...{ id: uuidv7(), queue: 'words', orgId: 1, key: 'k', requestId: 'r' },
    ...{ payload: JSON.stringify(payload), items: countRecords(payload) },
    ...overrides,
  }));
  await intakeRows(database.db).insert(rows, 60);
  return rows.map(({ id }) => id);
}

async function insertQuarantined(payloads: unknown[], acceptedAt = new Date()): Promise<string[]> {
  const items = payloads.map((payload) => ({
    ...{ orgId: 1, key: 'k', reason: 'invalid', detail: 'no', requestId: 'r' },
    ...{ payload, acceptedAt, items: countRecords(payload) },
  }));
  await quarantine(database.db).insert('words', items);
  const stored = await quarantine(database.db).list('words', null, { limit: 100 });
  return stored.map(({ id }) => id).reverse();
}

const page = { after: null, limit: 10, maxBytes: 1_000_000 };

test('count counts pending and quarantined items', async () => {
  await insertPending([{ records: [1, 2, 3] }, { word: 'x' }]);
  await insertPending([{ records: [1] }], { orgId: 2 });
  await insertPending([{ records: [1] }], { queue: 'other' });
  await insertQuarantined([{ records: [1, 2] }]);
  const repository = backlog(database.db);
  expect(await repository.count(filter())).toBe(7);
  expect(await repository.count(filter({ orgId: 1 }))).toBe(6);
  expect(await repository.countQuarantined(filter())).toBe(2);
});

test('the range of acceptance includes its start and excludes its end', async () => {
  const at = new Date('2024-01-15T12:00:00Z');
  await insertQuarantined([{ records: [1] }], at);
  const count = (from: Date | null, before: Date | null) =>
    backlog(database.db).countQuarantined(filter({ accepted: { from, before } }));
  expect(await count(at, null)).toBe(1);
  expect(await count(null, at)).toBe(0);
  expect(await count(new Date(at.getTime() + 1), null)).toBe(0);
  expect(await count(null, new Date(at.getTime() + 1))).toBe(1);
});

test.each(['pending', 'quarantined'] as const)('%s pages oldest first by limit', async (method) => {
  const payloads = [1, 2, 3, 4, 5].map((n) => ({ records: Array(n).fill('x') as string[] }));
  const ids = await (method === 'pending' ? insertPending(payloads) : insertQuarantined(payloads));
  const repository = backlog(database.db);
  const first = await repository[method](filter(), { ...page, limit: 3 });
  expect(first).toEqual([1, 2, 3].map((items) => ({ id: ids[items - 1], items })));
  const next = await repository[method](filter(), { ...page, after: first.at(-1)!.id });
  expect(next.map(({ items }) => items)).toEqual([4, 5]);
  expect(await repository[method](filter({ upTo: new Date(0) }), page)).toEqual([]);
});

test('pending limits a page by bytes and returns at least one row', async () => {
  await insertPending([1, 2, 3].map(() => ({ records: ['x'.repeat(1_000)] })));
  const repository = backlog(database.db);
  expect(await repository.pending(filter(), { ...page, maxBytes: 1 })).toHaveLength(1);
  expect(await repository.pending(filter(), { ...page, maxBytes: 1_500 })).toHaveLength(2);
});

test('stillPending returns the ids that are in the intake', async () => {
  const ids = await insertPending([{}, {}]);
  expect(await backlog(database.db).stillPending([...ids, uuidv7()])).toEqual(ids);
  await intakeRows(database.db).remove([ids[0]!]);
  expect(await backlog(database.db).stillPending(ids)).toEqual([ids[1]]);
});

test('redrive moves quarantined rows back to the intake with their id and time of acceptance', async () => {
  const acceptedAt = new Date('2024-01-15T12:00:00Z');
  const ids = await insertQuarantined([{ word: 'a' }, { word: 'b' }], acceptedAt);
  await backlog(database.db).redrive([ids[0]!], 60);
  const [row] = await intakeRows(database.db).claim<{ word: string }>([ids[0]!]);
  expect(row).toMatchObject({ id: ids[0], payload: { word: 'a' }, items: 1, acceptedAt, attempts: 0 });
  expect(await backlog(database.db).countQuarantined(filter())).toBe(1);
  await backlog(database.db).redrive([ids[0]!], 60);
  expect(await intakeRows(database.db).count()).toBe(1);
});

test('removeQuarantined deletes only the given rows', async () => {
  const ids = await insertQuarantined([{ word: 'a' }, { word: 'b' }]);
  await backlog(database.db).removeQuarantined([ids[0]!]);
  const left = await quarantine(database.db).list('words', null, { limit: 5 });
  expect(left.map(({ id }) => id)).toEqual([ids[1]]);
});

test('oldestAgeSeconds returns the age of the oldest pending row, or null', async () => {
  const repository = backlog(database.db);
  expect(await repository.oldestAgeSeconds()).toBeNull();
  await insertPending([{}, {}]);
  await database.db.$executeRaw`UPDATE intake SET accepted_at = now() - interval '90 seconds'`;
  expect(Math.floor((await repository.oldestAgeSeconds())! / 10)).toBe(9);
});
