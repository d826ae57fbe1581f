import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, UNPREPARED, type Database } from './client.ts';
import { Prisma } from './generated/client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let store: TestDatabase;
let db: Database;
beforeAll(async () => {
  store = await createTestDatabase();
  // One connection: what it has prepared is what all have.
  db = createDatabase({ url: store.url, name: 'test', connections: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await store.drop();
});

async function isPrepared(mark: string): Promise<boolean> {
  const rows = await db.$queryRaw<{ statement: string }[]>`SELECT statement FROM pg_prepared_statements`;
  return rows.some(({ statement }) => statement.includes(`AS ${mark}`));
}

test('a statement is prepared for those that come after it, but one that is planned anew', async () => {
  await db.$queryRaw`SELECT ${1}::int AS kept`;
  expect(await isPrepared('kept')).toBe(true);
  await db.$queryRaw`${Prisma.raw(UNPREPARED)} SELECT ${1}::int AS forgotten`;
  expect(await isPrepared('forgotten')).toBe(false);
});
