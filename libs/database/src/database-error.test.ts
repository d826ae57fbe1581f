import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDatabase, pingDatabase, type Database, type DatabaseOptions } from './client.ts';
import { isBadData, isUnavailable, isUniqueViolation } from './database-error.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function open(options: Partial<DatabaseOptions>): Database {
  const db = createDatabase({ url: database.url, name: 'error test', ...options });
  onTestFinished(() => db.$disconnect());
  return db;
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
}

function kindOf(error: unknown) {
  return {
    unavailable: isUnavailable(error),
    badData: isBadData(error),
    unique: isUniqueViolation(error),
  };
}

const unavailable = { unavailable: true, badData: false, unique: false };
const badData = { unavailable: false, badData: true, unique: false };
const neither = { unavailable: false, badData: false, unique: false };

function terminate(name: string) {
  return database.db.$queryRaw`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${name} AND datname = current_database()`;
}

function isBusy(name: string) {
  return database.db.$queryRaw`
  SELECT 1 FROM pg_stat_activity WHERE application_name = ${name} AND query LIKE '%pg_sleep%' AND state = 'active'`;
}

test('a server that is down is unavailable, at once, for queries and transactions', async () => {
  const db = open({ url: 'postgresql://nobody@127.0.0.1:1/none' });
  const began = performance.now();
  expect(kindOf(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(kindOf(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  expect(kindOf(await failureOf(db.user.count()))).toEqual(unavailable);
  expect(performance.now() - began).toBeLessThan(1_500);
});

test('a server that takes the connection and never answers is unavailable after 2 s', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const db = open({ url: `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none` });
  const began = performance.now();
  expect(kindOf(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(kindOf(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  expect(performance.now() - began).toBeLessThan(6_000);
});

test('a host name or a database that is not there is unavailable', async () => {
  expect(kindOf(await failureOf(pingDatabase(open({ url: 'postgresql://db.invalid/none' }))))).toEqual(
    unavailable,
  );
});

test('a pool that has no connection to spare is unavailable', async () => {
  const db = open({ name: 'exhausted', connections: 1 });
  const busy = failureOf(db.$queryRaw`SELECT pg_sleep(15)::text`);
  await expect.poll(() => isBusy('exhausted')).toHaveLength(1);
  expect(kindOf(await failureOf(pingDatabase(db)))).toEqual(unavailable);
  expect(kindOf(await failureOf(db.$transaction((tx) => pingDatabase(tx))))).toEqual(unavailable);
  await terminate('exhausted');
  await busy;
});

test('a connection that dies under its query, or its transaction, is unavailable, and the next one works', async () => {
  const db = open({ name: 'dying' });
  const queries = [
    db.$queryRaw`SELECT pg_sleep(15)::text`,
    db.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(15)::text`),
  ].map(failureOf);
  await expect.poll(() => isBusy('dying')).toHaveLength(2);
  await terminate('dying');
  for (const query of queries) expect(kindOf(await query)).toEqual(unavailable);
  await pingDatabase(db);
});

test('a connection that dies between two statements of a transaction makes it unavailable', async () => {
  const db = open({ name: 'dying between' });
  const work = db.$transaction(async (tx) => {
    await pingDatabase(tx);
    await terminate('dying between');
    await expect
      .poll(
        () => database.db.$queryRaw`SELECT 1 FROM pg_stat_activity WHERE application_name = 'dying between'`,
      )
      .toEqual([]);
    await pingDatabase(tx);
  });
  expect(kindOf(await failureOf(work))).toEqual(unavailable);
  await pingDatabase(db);
});

test('idle connections that die are replaced without anybody noticing', async () => {
  const db = open({ name: 'idle' });
  await pingDatabase(db);
  await terminate('idle');
  await expect.poll(() => failureOf(pingDatabase(db))).toBe('it succeeded');
});

test('a statement that takes too long is unavailable', async () => {
  const db = open({ statementTimeoutMs: 50 });
  expect(kindOf(await failureOf(db.$queryRaw`SELECT pg_sleep(15)::text`))).toEqual(unavailable);
});

test('a deadlock is unavailable: the same again goes through', async () => {
  function insert(tx: Pick<Database, '$executeRaw'>, id: number) {
    return tx.$executeRaw`INSERT INTO organizations (id, name) VALUES (${id}::int, 'locked')`;
  }
  function inOrder(first: number, second: number) {
    return failureOf(
      database.db.$transaction(async (tx) => {
        await insert(tx, first);
        await expect
          .poll(
            () => database.db
              .$queryRaw`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
            OR wait_event_type = 'Lock'`,
          )
          .toHaveLength(2);
        await insert(tx, second);
      }),
    );
  }
  const outcomes = await Promise.all([inOrder(101, 102), inOrder(102, 101)]);
  expect(outcomes.map(kindOf)).toContainEqual(unavailable);
});

test('a value that is there already is a unique violation and bad data', async () => {
  const raw = database.db.$executeRaw`INSERT INTO organizations (id, name) VALUES (1, 'again')`;
  expect(kindOf(await failureOf(raw))).toEqual({ ...badData, unique: true });
  const typed = database.db.organization.create({ data: { id: 1, name: 'again' } });
  expect(kindOf(await failureOf(typed))).toEqual({ ...badData, unique: true });
});

test('values that no column takes are bad data', async () => {
  const { db } = database;
  const queries = [
    db.$queryRaw`SELECT ${'x'}::int`,
    db.$queryRaw`SELECT ${'a\u0000b'}::text`,
    db.$queryRaw`SELECT ${'{'}::json`,
    db.$queryRaw`SELECT ${'2026-02-30'}::timestamptz`,
    db.$queryRaw`SELECT ${'99999999999'}::int`,
    db.$executeRaw`INSERT INTO organizations (name) VALUES (NULL)`,
    db.$executeRaw`INSERT INTO users (username, username_key, email, email_key, role, org_id) VALUES ('u', 'u', 'e', 'e', 'user', 999)`,
  ];
  for (const query of queries) expect(kindOf(await failureOf(query))).toEqual(badData);
});

test('a mistake of the program is neither unavailable nor bad data', async () => {
  expect(kindOf(await failureOf(database.db.$queryRaw`SELECT nonsense FROM nowhere`))).toEqual(neither);
  expect(kindOf(new TypeError('x is not a function'))).toEqual(neither);
  expect([kindOf(null), kindOf(undefined), kindOf('text')]).toEqual([neither, neither, neither]);
});
