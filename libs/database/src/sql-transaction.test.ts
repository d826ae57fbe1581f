import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isBadData, isUnavailable, isUniqueViolation } from './database-error.ts';
import { Prisma } from './generated/client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.$executeRaw`CREATE TABLE notes (id int PRIMARY KEY, note text, at timestamptz)`;
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`TRUNCATE notes`);

function notes(): Promise<{ id: number; note: string | null; at: Date | null }[]> {
  return database.db.$queryRaw`
    SELECT id, note, at
    FROM notes
    ORDER BY id`;
}

describe('$sqlTransaction', () => {
  test('commits what its function did and returns its result', async () => {
    const result = await database.db.$sqlTransaction(async (tx) => {
      await tx.$executeRaw`
        INSERT INTO notes (id, note)
        VALUES (${1}::int, ${'kept'})`;
      return 'done';
    });
    expect(result).toBe('done');
    expect(await notes()).toEqual([{ id: 1, note: 'kept', at: null }]);
  });

  test('rolls back and rejects with the error of its function', async () => {
    const failed = database.db.$sqlTransaction(async (tx) => {
      await tx.copyInto('notes', ['id'], [[1]]);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await notes()).toEqual([]);
  });

  test('reports errors of the server as bad data or unavailable', async () => {
    const { db } = database;
    const twice = db.$sqlTransaction((tx) => tx.copyInto('notes', ['id'], [[1], [1]]));
    await expect(twice).rejects.toSatisfy(isUniqueViolation);
    const nul = db.$sqlTransaction((tx) => tx.copyInto('notes', ['id', 'note'], [[1, 'a\0b']]));
    await expect(nul).rejects.toSatisfy(isBadData);
    const killed = db.$sqlTransaction((tx) => tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`);
    await expect(killed).rejects.toSatisfy(isUnavailable);
    expect(await db.$sqlTransaction((tx) => tx.$queryRaw`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  });

  test('survives a connection that is lost between two statements', async () => {
    const { db } = database;
    const lost = db.$sqlTransaction(async (tx) => {
      const [{ pid }] = await tx.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
      await db.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return tx.$queryRaw`SELECT 1`;
    });
    await expect(lost).rejects.toSatisfy(isUnavailable);
  });

  test('a savepoint undoes only its own work', async () => {
    await database.db.$sqlTransaction(async (tx) => {
      await tx.copyInto('notes', ['id'], [[1]]);
      const second = tx.savepoint(() => tx.copyInto('notes', ['id'], [[2], [1]]));
      await expect(second).rejects.toSatisfy(isUniqueViolation);
      await tx.savepoint(() => tx.copyInto('notes', ['id'], [[3]]));
    });
    expect((await notes()).map(({ id }) => id)).toEqual([1, 3]);
  });

  test('copyInto stores every value as it is', async () => {
    const at = new Date('2024-01-15T10:30:00.123Z');
    const texts = [
      '',
      '\\N',
      '\\.',
      'tab\there',
      'line\nbreak\r\n',
      'back\\slash',
      '{"a":"\\n\\u0000"}',
      'ü😀',
      null,
    ];
    await database.db.$sqlTransaction((tx) =>
      tx.copyInto(
        'notes',
        ['id', 'note', 'at'],
        texts.map((text, id) => [id, text, at]),
      ),
    );
    expect(await notes()).toEqual(texts.map((note, id) => ({ id, note, at })));
  });
});

test('$sql and $sqlTransaction return the types of Prisma', async () => {
  const select = Prisma.sql`
    SELECT 1::bigint AS big, 1.5::numeric AS exact, 2::float8 AS float, true AS yes,
      '{"a":[1]}'::json AS json, ARRAY['a', 'b'] AS texts,
      '2024-01-15T10:30:00.123Z'::timestamptz AS at, NULL AS none`;
  const expected = await database.db.$queryRaw<object[]>(select);
  expect(await database.db.$sql.$queryRaw(select)).toEqual(expected);
  expect(await database.db.$sqlTransaction((tx) => tx.$queryRaw(select))).toEqual(expected);
});
