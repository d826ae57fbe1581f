import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDatabase, pingDatabase, type Database, type DatabaseOptions } from './client.ts';
import { isBadData, isUnavailable, isUniqueViolation } from './database-error.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function connect(options: Partial<DatabaseOptions>): Database {
  const db = createDatabase({ url: database.url, name: 'error test', ...options });
  onTestFinished(() => db.$disconnect());
  return db;
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

function classify(error: unknown) {
  return {
    unavailable: isUnavailable(error),
    badData: isBadData(error),
    unique: isUniqueViolation(error),
  };
}

const unavailable = { unavailable: true, badData: false, unique: false };
const badData = { unavailable: false, badData: true, unique: false };
const neither = { unavailable: false, badData: false, unique: false };

function terminateConnections(name: string) {
  return database.db.$queryRaw`
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE application_name = ${name}
      AND datname = current_database()`;
}

function sleepingQueries(name: string) {
  return database.db.$queryRaw`
    SELECT 1
    FROM pg_stat_activity
    WHERE application_name = ${name}
      AND query LIKE '%pg_sleep%'
      AND state = 'active'`;
}

test('isUnavailable recognizes a server that is down, at once', async () => {
  const db = connect({ url: 'postgresql://nobody@127.0.0.1:1/none' });
  const startedAt = performance.now();
  expect(classify(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(classify(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  expect(classify(await failureOf(db.user.count()))).toEqual(unavailable);
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test('isUnavailable recognizes a server that never responds, after 2 s', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const db = connect({ url: `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none` });
  const startedAt = performance.now();
  expect(classify(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(classify(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  expect(performance.now() - startedAt).toBeLessThan(6_000);
});

test('isUnavailable recognizes an unknown host name', async () => {
  expect(classify(await failureOf(pingDatabase(connect({ url: 'postgresql://db.invalid/none' }))))).toEqual(
    unavailable,
  );
});

test('isUnavailable recognizes an exhausted pool', async () => {
  const db = connect({ name: 'exhausted', connections: 1 });
  const busy = failureOf(db.$queryRaw`SELECT pg_sleep(15)::text`);
  await expect.poll(() => sleepingQueries('exhausted')).toHaveLength(1);
  expect(classify(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(classify(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  await terminateConnections('exhausted');
  await busy;
});

test('isUnavailable recognizes a connection lost during a query or transaction', async () => {
  const db = connect({ name: 'dying' });
  const queries = [
    db.$queryRaw`SELECT pg_sleep(15)::text`,
    db.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(15)::text`),
  ].map(failureOf);
  await expect.poll(() => sleepingQueries('dying')).toHaveLength(2);
  await terminateConnections('dying');
  for (const query of queries) expect(classify(await query)).toEqual(unavailable);
  await pingDatabase(db);
});

test('isUnavailable recognizes a connection lost between two statements of a transaction', async () => {
  const db = connect({ name: 'dying between' });
  const work = db.$transaction(async (tx) => {
    await pingDatabase(tx);
    await terminateConnections('dying between');
    await expect
      .poll(
        () => database.db.$queryRaw`
          SELECT 1
          FROM pg_stat_activity
          WHERE application_name = 'dying between'`,
      )
      .toEqual([]);
    await pingDatabase(tx);
  });
  expect(classify(await failureOf(work))).toEqual(unavailable);
  await pingDatabase(db);
});

test('createDatabase replaces lost idle connections', async () => {
  const db = connect({ name: 'idle' });
  await pingDatabase(db);
  await terminateConnections('idle');
  await expect.poll(() => failureOf(pingDatabase(db))).toBe('no failure');
});

test('isUnavailable recognizes a statement timeout', async () => {
  const db = connect({ statementTimeoutMs: 50 });
  expect(classify(await failureOf(db.$queryRaw`SELECT pg_sleep(15)::text`))).toEqual(unavailable);
});

test('isUnavailable recognizes a deadlock', async () => {
  function insert(tx: Pick<Database, '$executeRaw'>, id: number) {
    return tx.$executeRaw`INSERT INTO organizations (id, name) VALUES (${id}::int, 'locked')`;
  }
  function insertInOrder(first: number, second: number) {
    return failureOf(
      database.db.$transaction(async (tx) => {
        await insert(tx, first);
        await expect
          .poll(
            () => database.db.$queryRaw`
              SELECT 1
              FROM pg_stat_activity
              WHERE datname = current_database()
                AND state = 'idle in transaction'
                OR wait_event_type = 'Lock'`,
          )
          .toHaveLength(2);
        await insert(tx, second);
      }),
    );
  }
  const outcomes = await Promise.all([insertInOrder(101, 102), insertInOrder(102, 101)]);
  expect(outcomes.map(classify)).toContainEqual(unavailable);
});

test('isUniqueViolation and isBadData recognize a duplicate key', async () => {
  const raw = database.db.$executeRaw`INSERT INTO organizations (id, name) VALUES (1, 'again')`;
  expect(classify(await failureOf(raw))).toEqual({ ...badData, unique: true });
  const typed = database.db.organization.create({ data: { id: 1, name: 'again' } });
  expect(classify(await failureOf(typed))).toEqual({ ...badData, unique: true });
});

test('isBadData recognizes values that no column accepts', async () => {
  const { db } = database;
  const queries = [
    db.$queryRaw`SELECT ${'x'}::int`,
    db.$queryRaw`SELECT ${'a\u0000b'}::text`,
    db.$queryRaw`SELECT ${'{'}::json`,
    db.$queryRaw`SELECT ${'2026-02-30'}::timestamptz`,
    db.$queryRaw`SELECT ${'99999999999'}::int`,
    db.$executeRaw`INSERT INTO organizations (name) VALUES (NULL)`,
    db.$executeRaw`
      INSERT INTO users (username, username_key, email, email_key, role, org_id)
      VALUES ('u', 'u', 'e', 'e', 'user', 999)`,
  ];
  for (const query of queries) expect(classify(await failureOf(query))).toEqual(badData);
});

test('a bug is neither unavailable nor bad data', async () => {
  expect(classify(await failureOf(database.db.$queryRaw`SELECT nonsense FROM nowhere`))).toEqual(neither);
  expect(classify(new TypeError('x is not a function'))).toEqual(neither);
  expect([classify(null), classify(undefined), classify('text')]).toEqual([neither, neither, neither]);
});

test('an error of the driver adapter that Prisma passes on unchanged is classified, too', () => {
  function adapterError(originalCode: string): DriverAdapterError {
    const unset = { detail: undefined, column: undefined, hint: undefined };
    const facts = { kind: 'postgres' as const, message: 'm', severity: 'FATAL', code: originalCode };
    return new DriverAdapterError({ ...facts, originalCode, ...unset });
  }
  expect(classify(adapterError('57P01'))).toEqual(unavailable);
  expect(classify(adapterError('22P02'))).toEqual(badData);
  expect(classify(adapterError('42601'))).toEqual(neither);
});
