import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { NewQuarantineItem } from './intake.repository.ts';
import { quarantine, type QuarantineFilter } from './quarantine.repository.ts';
import { createScratchDatabase } from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`DELETE FROM quarantine`);

function createItem(overrides: Partial<NewQuarantineItem> = {}): NewQuarantineItem {
  return {
    ...{ orgId: 1, key: 'k', reason: 'invalid', detail: 'no', requestId: 'r', payload: { word: 'a' } },
    ...{ acceptedAt: new Date('2024-01-15T12:00:00Z') },
    ...overrides,
  };
}

async function listKeys(filter: QuarantineFilter): Promise<string[]> {
  const items = await quarantine(database.db).list('words', null, { limit: 10, ...filter });
  return items.map(({ key }) => key).sort();
}

test('list filters by key, reason, source and time of quarantine', async () => {
  await quarantine(database.db).insert('words', [
    createItem({ key: 'one', reason: 'invalid', payload: { source: 'node-1' } }),
    createItem({ key: 'two', reason: 'conflict', payload: { source: 'node-2' } }),
    createItem({ key: 'three', reason: 'poison', payload: null }),
  ]);
  await database.db.$executeRaw`
    UPDATE quarantine
    SET quarantined_at = '2024-02-01T00:00:00Z'
    WHERE key = 'two'`;
  const at = new Date('2024-02-01T00:00:00Z');
  expect(await listKeys({})).toEqual(['one', 'three', 'two']);
  expect(await listKeys({ key: 'one' })).toEqual(['one']);
  expect(await listKeys({ reason: 'poison' })).toEqual(['three']);
  expect(await listKeys({ source: 'node-2' })).toEqual(['two']);
  expect(await listKeys({ from: at, to: at })).toEqual(['two']);
  expect(await listKeys({ from: new Date(at.getTime() + 1) })).toEqual(['one', 'three']);
  expect(await listKeys({ key: null, reason: null, source: null, from: null, to: null })).toHaveLength(3);
});

test('insert stores an item with the same identity once', async () => {
  const items = quarantine(database.db);
  await items.insert('words', [createItem({ payload: { n: 1 }, sameAs: 'x' })]);
  await items.insert('words', [createItem({ payload: { n: 2 }, sameAs: 'x' })]);
  await items.insert('words', [createItem({ payload: { n: 1 }, sameAs: 'x', orgId: 2 })]);
  const [first, ...others] = await items.list('words', 1, { limit: 5 });
  expect([await items.findContent('words', 1, first!.id), others]).toEqual(['{"n":1}', []]);
  expect(await items.list('words', 2, { limit: 5 })).toHaveLength(1);
});

test('find and remove see only the queue and organization', async () => {
  const items = quarantine(database.db);
  await items.insert('words', [createItem()]);
  const [inserted] = await items.list('words', 1, { limit: 1 });
  const { id } = inserted!;
  const limits = { maxBytes: 12 };
  expect(await items.find('words', 1, id, limits)).toMatchObject({ id, bytes: 12, payload: { word: 'a' } });
  expect(await items.find('words', null, id, { maxBytes: 11 })).toMatchObject({ id, payload: null });
  expect(await items.find('words', 2, id, limits)).toBeNull();
  expect(await items.find('other', 1, id, limits)).toBeNull();
  expect(await items.findContent('words', null, id)).toBe('{"word":"a"}');
  expect(await items.findContent('words', 2, id)).toBeNull();
  expect(await items.findContent('other', 1, id)).toBeNull();
  expect([await items.remove('words', 2, id), await items.remove('other', 1, id)]).toEqual([false, false]);
  expect([await items.remove('words', 1, id), await items.remove('words', 1, id)]).toEqual([true, false]);
});
