import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import type { IntakeRow } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { contentId } from './log-id.ts';
import { logImports } from './log-import.repository.ts';
import type { ImportPart } from './logs-intake.ts';
import { searchLogs } from './search-logs.ts';
import { storeLogs } from './store-logs.ts';

let store: TestDatabase;
beforeAll(async () => void (store = await createTestDatabase()));
afterAll(() => store.drop());
beforeEach(async () => {
  for (const table of ['entity_logs', 'log_imports'])
    await store.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

const entity = 'trunk/t-1';
let number = 0;

/** Creates an import with one intake row for each list of messages. */
async function createImport(parts: string[][], deduplicate = true): Promise<IntakeRow<ImportPart>[]> {
  const importId = `import-${(number += 1)}`;
  const received = parts.flat().length;
  const log = { id: importId, orgId: 1, entity, source: null, deduplicate, received, parts: parts.length };
  await logImports(store.db).create(log);
  let first = 0;
  return parts.map((messages, index) => {
    const entries = messages.map((message) => {
      const line = { at: '2024-01-15T10:30:00.000Z', type: 'call', message, details: null };
      return { ...line, level: 'info' as const, id: contentId(1, entity, line) };
    });
    const payload = { importId, entity, deduplicate, first, entries };
    first += entries.length;
    const acceptedAt = new Date();
    return {
      id: `${importId}-${index}`,
      orgId: 1,
      key: importId,
      payload,
      requestId: 'r',
      acceptedAt,
      attempts: 0,
    };
  });
}
const drain = (rows: IntakeRow<ImportPart>[]) => store.db.$sqlTransaction((tx) => storeLogs(tx, rows));
async function findCounts([row]: IntakeRow<ImportPart>[]) {
  const found = await logImports(store.db).find(1, row!.key);
  return [found!.imported, found!.duplicates, found!.partsStored];
}
const total = async () => (await searchLogs(store.db, 1, entity, { limit: 1, offset: 0 })).total;

test('storeLogs stores a content of several imports once and counts per import', async () => {
  const first = await createImport([['a', 'b', 'a'], ['c']]);
  const second = await createImport([['c', 'd']]);
  const third = await createImport([['a', 'e', 'e']], false);
  await drain([...first, ...second, ...third]);
  expect(await findCounts(first)).toEqual([3, 1, 2]);
  expect(await findCounts(second)).toEqual([1, 1, 1]);
  expect(await findCounts(third)).toEqual([3, 0, 1]);
  expect(await total()).toBe(7);
});

test('a part that is rolled back stores nothing and is counted when it is stored again', async () => {
  const rows = await createImport([['a', 'b']]);
  const rolledBack = store.db.$sqlTransaction(async (tx) => {
    await storeLogs(tx, rows);
    throw new Error('rolled back');
  });
  await expect(rolledBack).rejects.toThrow('rolled back');
  expect([await total(), await findCounts(rows)]).toEqual([0, [0, 0, 0]]);
  await drain(rows);
  expect([await total(), await findCounts(rows)]).toEqual([2, [2, 0, 1]]);
});

test('concurrent imports of the same lines in opposite orders store each line once', async () => {
  const messages = Array.from({ length: 6_000 }, (_, index) => `line ${index}`);
  const imports = await Promise.all(
    [1, 2, 3, 4].map((n) => createImport([n % 2 ? messages : [...messages].reverse()])),
  );
  await Promise.all(imports.map(drain));
  const counts = await Promise.all(imports.map(findCounts));
  expect(counts.reduce((sum, [imported]) => sum + imported!, 0)).toBe(6_000);
  expect(await total()).toBe(6_000);
});
