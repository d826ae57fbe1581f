import { Failure } from '@oriontel/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Prisma } from './generated/client.ts';
import { queryPage } from './query-page.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

/** Rows whose column `data` has as many KiB as given, in this order; null: NULL. */
function readRows(sizes: (number | null)[], limit: number) {
  const page = Prisma.sql`
    SELECT number::int, repeat('x', kib * 1024) AS data
    FROM unnest(${sizes}::int[]) WITH ORDINALITY AS row(kib, number)
    ORDER BY number
    LIMIT ${limit}::int`;
  return queryPage<{ number: number; data: string | null }>(store.db, page, { limit, largeColumn: 'data' });
}

test.each([10, 500])('returns the rows of the page in order, with limit %s', async (limit) => {
  const rows = await readRows([1, null, 3], limit);
  expect(rows.map(({ number, data }) => [number, data?.length])).toEqual([
    [1, 1024],
    [2, undefined],
    [3, 3072],
  ]);
  expect(await readRows([], limit)).toEqual([]);
  expect(await readRows([null, null], limit)).toHaveLength(2);
});

test('rejects a page of more than 8 MiB and states how many rows fit', async () => {
  const sizes = Array.from({ length: 200 }, () => 64);
  expect(await readRows(sizes, 128)).toHaveLength(128);
  const failure: unknown = await readRows(sizes, 129).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ code: 'bad_request', details: [{ field: 'limit' }] });
  expect((failure as Failure).message).toContain('only 128 of these items fit');
});
