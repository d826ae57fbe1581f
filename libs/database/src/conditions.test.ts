import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyContains, orgScope } from './conditions.ts';
import { Prisma } from './generated/client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const rows = Prisma.sql`(
  VALUES (1, 'Main Trunk', 'a'), (2, '50%_off\\now', 'b'), (3, NULL, 'Trunks')
) AS row (org_id, name, note)`;

async function idsWhere(condition: Prisma.Sql): Promise<number[]> {
  const found = await store.db.$queryRaw<{ id: number }[]>`
    SELECT org_id AS id
    FROM ${rows}
    WHERE ${condition}
    ORDER BY org_id`;
  return found.map(({ id }) => id);
}

test('orgScope matches one organization, or every organization for null', async () => {
  expect(await idsWhere(orgScope(2))).toEqual([2]);
  expect(await idsWhere(orgScope(null))).toEqual([1, 2, 3]);
});

test('anyContains matches part of any column, ignoring case, without wildcards', async () => {
  const columns = [Prisma.sql`name`, Prisma.sql`note`];
  expect(await idsWhere(anyContains(columns, 'trunk'))).toEqual([1, 3]);
  expect(await idsWhere(anyContains(columns, '%_'))).toEqual([2]);
  expect(await idsWhere(anyContains(columns, '\\n'))).toEqual([2]);
  expect(await idsWhere(anyContains(columns, '%x'))).toEqual([]);
});
