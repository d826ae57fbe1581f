import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, UNPREPARED, type Database } from './client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let store: TestDatabase;
let db: Database;
beforeAll(async () => {
  store = await createTestDatabase();
  // pg_prepared_statements shows the current connection: use only one.
  db = createDatabase({ url: store.url, name: 'test', connections: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await store.drop();
});

async function isPrepared(alias: string): Promise<boolean> {
  const rows = await db.$queryRaw<{ statement: string }[]>`
    SELECT statement
    FROM pg_prepared_statements`;
  return rows.some(({ statement }) => statement.includes(`AS ${alias}`));
}

test('createDatabase prepares statements, except those that start with UNPREPARED', async () => {
  await db.$queryRaw`SELECT ${1}::int AS prepared`;
  expect(await isPrepared('prepared')).toBe(true);
  await db.$queryRaw`${UNPREPARED} SELECT ${1}::int AS unprepared`;
  expect(await isPrepared('unprepared')).toBe(false);
});
