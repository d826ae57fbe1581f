import { randomBytes } from 'node:crypto';
import { Prisma } from '@oriontel/database';
import type { TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { intakeRows, isPendingBefore, pendingPayloads } from './intake.repository.ts';
import { createScratchDatabase, insertRows } from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`DELETE FROM intake`);

test('insert stores one, several small and several large payloads as they are', async () => {
  const rows = intakeRows(database.db.$sql);
  const words = ['a', 'quote " backslash \\\\ comma , brace { null', 'ü😀', 'long'.repeat(40_000)];
  function toRow(word: string) {
    const payload = JSON.stringify({ word });
    return { id: uuidv7(), queue: 'words', orgId: 1, key: word.slice(0, 9), payload, requestId: 'r' };
  }
  const groups = [words.slice(0, 1), words.slice(0, 3), words];
  for (const group of groups) await rows.insert(group.map(toRow), 5);
  const pending = await rows.pending<{ word: string }>('words', 1, { limit: 100 });
  expect(pending.map(({ payload }) => payload.word)).toEqual(groups.flat());
  expect(pending.map(({ key }) => key)).toEqual(groups.flat().map((word) => word.slice(0, 9)));
});

test('newestPending returns the newest values that fit, and leaves out larger ones', async () => {
  const rows = intakeRows(database.db);
  const large = randomBytes(20_000).toString('hex');
  for (const word of ['first', 'second', large, 'third']) {
    const payload = JSON.stringify({ word });
    const id = uuidv7();
    await rows.insert([{ id, queue: 'words', orgId: 1, key: word.slice(0, 9), payload, requestId: 'r' }], 5);
  }
  async function words(orgId: number | null, options: { limit: number; maxBytes: number }) {
    const found = await rows.newestPending<{ word: string }>('words', orgId, options);
    return found.map(({ payload }) => payload.word);
  }
  expect(await words(1, { limit: 10, maxBytes: 10_000 })).toEqual(['third', 'second', 'first']);
  expect(await words(null, { limit: 3, maxBytes: 10_000 })).toEqual(['third', 'second']);
  expect(await words(1, { limit: 10, maxBytes: 1_000_000 })).toEqual(['third', large, 'second', 'first']);
  expect(await words(1, { limit: 10, maxBytes: 25 })).toEqual(['third']);
  expect(await words(2, { limit: 10, maxBytes: 10_000 })).toEqual([]);
});

test('hasPending finds values of the queue and organization accepted up to a time', async () => {
  const rows = intakeRows(database.db);
  const past = new Date(Date.now() - 60_000);
  const future = new Date(Date.now() + 60_000);
  expect(await rows.hasPending('words', 1, future)).toBe(false);
  await insertRows(database.db, ['a']);
  expect(await rows.hasPending('words', 1, future)).toBe(true);
  expect(await rows.hasPending('words', null, future)).toBe(true);
  expect(await rows.hasPending('words', 2, future)).toBe(false);
  expect(await rows.hasPending('other', 1, future)).toBe(false);
  expect(await rows.hasPending('words', 1, past)).toBe(false);
});

test('hasPendingKey finds any of the keys', async () => {
  await insertRows(database.db, ['a']);
  const rows = intakeRows(database.db);
  expect(await rows.hasPendingKey('words', 1, ['x', 'a'])).toBe(true);
  expect(await rows.hasPendingKey('words', 1, ['x'])).toBe(false);
  expect(await rows.hasPendingKey('words', 2, ['a'])).toBe(false);
});

test('exists and count see committed rows', async () => {
  const [id] = await insertRows(database.db, ['a', 'b']);
  const rows = intakeRows(database.db);
  expect([await rows.exists(id!), await rows.exists(uuidv7())]).toEqual([true, false]);
  expect(await rows.count()).toBe(2);
});

test('pendingPayloads selects ids and payloads by key', async () => {
  const [id] = await insertRows(database.db, ['a', 'b']);
  const found = await database.db.$queryRaw`
    SELECT id, payload
    FROM (${pendingPayloads('words', 1, ['a', 'x'])}) AS pending`;
  expect(found).toEqual([{ id, payload: { word: 'a' } }]);
});

test('isPendingBefore finds rows between two ids', async () => {
  const [first, second] = await insertRows(database.db, ['a', 'b']);
  async function check(before: string, since: string, orgId = 1): Promise<boolean> {
    const condition = isPendingBefore('words', {
      orgId: Prisma.sql`${orgId}::int`,
      before: Prisma.sql`${before}::uuid`,
      since,
    });
    const [row] = await database.db.$queryRaw<[{ found: boolean }]>`SELECT ${condition} AS found`;
    return row.found;
  }
  const zero = '00000000-0000-7000-8000-000000000000';
  expect(await check(second!, zero)).toBe(true);
  expect(await check(first!, zero)).toBe(false);
  expect(await check(second!, first!)).toBe(false);
  expect(await check(second!, zero, 2)).toBe(false);
});
