import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Failure } from '@oriontel/contracts';
import { createDatabase, type Database } from '@oriontel/database';
import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createIntake, MAX_WAITING_BYTES } from './create-intake.ts';
import { defineIntake, type Pointers } from './define-intake.ts';
import { intakeRows } from './intake.repository.ts';
import { createScratchDatabase, pendingWords, words, type Word } from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`DELETE FROM intake`);

const item = (word: string) => ({ orgId: 1, key: word, value: { word }, requestId: 'r' });

function createTestIntake(db: Database, add = async (_pointers: Pointers): Promise<void> => {}) {
  const producer = { add: vi.fn(add) };
  const onUndispatched = vi.fn();
  return { intake: createIntake<Word>(db, words, producer, { onUndispatched }), producer, onUndispatched };
}

function connectTo(options: Partial<Parameters<typeof createDatabase>[0]>): Database {
  const db = createDatabase({ url: database.url, name: 'gateway', ...options });
  onTestFinished(() => db.$disconnect());
  return db;
}

function insertsWaitingForLock(): Promise<unknown[]> {
  return database.db.$queryRaw`
    SELECT 1
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'
      AND query LIKE '%INTO intake%'
      AND datname = current_database()`;
}

function terminateDoomedConnection(): Promise<unknown[]> {
  return database.db.$queryRaw`
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE application_name = 'doomed'
      AND wait_event_type = 'Lock'`;
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

async function expectUnavailable(work: Promise<unknown>): Promise<void> {
  const failure = await failureOf(work);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ code: 'unavailable', retryAfter: 2, isRetryable: true });
}

test('accept resolves once the row is committed and visible to other connections', async () => {
  const { intake } = createTestIntake(connectTo({}));
  const { id } = await intake.accept(item('hello'));
  const [row] = await intakeRows(database.db).pending<Word>('words', 1, { key: 'hello', limit: 5 });
  expect(row).toMatchObject({
    id,
    orgId: 1,
    key: 'hello',
    payload: { word: 'hello' },
    requestId: 'r',
    attempts: 0,
  });
});

test('accept does not resolve before the commit', async () => {
  const { intake, producer } = createTestIntake(database.db);
  let isAccepted = false;
  let accepted: Promise<unknown> | undefined;
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    accepted = intake.accept(item('slow')).then(() => (isAccepted = true));
    await expect.poll(insertsWaitingForLock).toHaveLength(1);
    expect([isAccepted, producer.add.mock.calls.length]).toEqual([false, 0]);
  });
  await accepted;
  expect(await pendingWords(database.db)).toEqual(['slow']);
});

test('accept adds one job per group that carries only row ids', async () => {
  const { intake, producer } = createTestIntake(database.db);
  const accepted = await Promise.all(Array.from({ length: 60 }, (_, i) => intake.accept(item(`w${i}`))));
  const jobs = producer.add.mock.calls.map(([job]) => job);
  expect(jobs.flatMap(({ ids }) => ids).sort()).toEqual(accepted.map(({ id }) => id).sort());
  expect(jobs.map((job) => Object.keys(job).sort())).toEqual(jobs.map(() => ['bytes', 'ids', 'swept']));
  expect(jobs.length).toBeLessThanOrEqual(4);
});

test.for([
  ['quotes', `'"\\ '; DROP TABLE intake; -- $1 {}`],
  ['other scripts and emoji', 'Grüße ☎ 日本語 🙂 \u202e\ufeff'],
  ['NUL and control characters', 'a\u0000b\u0001\u001f\u007f'],
  ['lone surrogates', '\ud800 and \udfff'],
  ['a million characters', 'x'.repeat(1_000_000)],
  ['an empty string', ''],
] as const)('accept stores %s unchanged', async ([, word]) => {
  const { intake } = createTestIntake(database.db);
  await intake.accept({ ...item('exact'), value: { word } });
  const [row] = await intakeRows(database.db).pending<Word>('words', 1, { key: 'exact', limit: 1 });
  expect(row!.payload).toStrictEqual({ word });
});

test('accept stores numbers, nesting and key order of JSON unchanged', async () => {
  const value = { z: 1.1, a: [null, true, { deep: 1e21 }], n: -0.000001, big: Number.MAX_SAFE_INTEGER };
  const kind = defineIntake<typeof value>('values');
  const intake = createIntake(database.db, kind, { add: async () => {} }, { onUndispatched: () => {} });
  await intake.accept({ orgId: 1, key: 'v', value, requestId: 'r' });
  const [row] = await intakeRows(database.db).pending('values', 1, { limit: 1 });
  expect(JSON.stringify(row!.payload)).toBe(JSON.stringify(value));
});

test('accept succeeds if the queue is down and calls onUndispatched', async () => {
  const { intake, onUndispatched } = createTestIntake(database.db, () =>
    Promise.reject(new Error('queue is down')),
  );
  await intake.accept(item('waiting'));
  await intake.close();
  expect(await pendingWords(database.db)).toEqual(['waiting']);
  expect(onUndispatched).toHaveBeenCalledExactlyOnceWith(new Error('queue is down'), 1);
});

test('accept does not wait for a queue that does not respond, but close does', async () => {
  let respond = () => {};
  const { intake } = createTestIntake(database.db, () => new Promise((resolve) => (respond = resolve)));
  await intake.accept(item('quick'));
  let isClosed = false;
  const closed = intake.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  respond();
  await closed;
});

test('accept throws unavailable at once if the database is down', async () => {
  const { intake, producer } = createTestIntake(connectTo({ url: 'postgresql://nobody@127.0.0.1:1/none' }));
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 50 }, () => expectUnavailable(intake.accept(item('lost')))));
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(producer.add).not.toHaveBeenCalled();
});

test('accept throws unavailable for all callers if the database never responds', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`;
  const { intake } = createTestIntake(connectTo({ url }));
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 50 }, () => expectUnavailable(intake.accept(item('lost')))));
  expect(performance.now() - startedAt).toBeLessThan(6_000);
});

test('accept throws unavailable if the connection is lost during the commit', async () => {
  const { intake, producer } = createTestIntake(connectTo({ name: 'doomed' }));
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    const lost = expectUnavailable(intake.accept(item('lost')));
    await expect.poll(terminateDoomedConnection).toHaveLength(1);
    await lost;
  });
  await intake.accept(item('next'));
  expect(await pendingWords(database.db)).toEqual(['next']);
  expect(producer.add).toHaveBeenCalledTimes(1);
});

test('accept throws unavailable after the statement timeout', async () => {
  const { intake } = createTestIntake(connectTo({ statementTimeoutMs: 100 }));
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    await expectUnavailable(intake.accept(item('lost')));
  });
  expect(await pendingWords(database.db)).toEqual([]);
});

test('accept throws unprocessable for bad data only; the rest of the group is stored', async () => {
  const { intake, producer } = createTestIntake(database.db);
  const keys = ['a', 'b', 'c', 'd', 'bad\u0000key', 'e', 'f'];
  const outcomes = await Promise.allSettled(keys.map((key) => intake.accept(item(key))));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ code: 'unprocessable' }) },
  ]);
  expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  const ids = producer.add.mock.calls.flatMap(([job]) => job.ids);
  expect(new Set(ids).size).toBe(6);
});

test('accept throws unavailable above the memory limit and succeeds once it is below', async () => {
  const options = { onUndispatched: () => {}, maxWaitingBytes: 1_000 };
  const intake = createIntake<Word>(database.db, words, { add: async () => {} }, options);
  const large = { ...item('large'), value: { word: 'x'.repeat(600) } };
  let accepted: Promise<unknown>[] = [];
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    accepted = [1, 2].map(() => intake.accept(large));
    await expectUnavailable(intake.accept(item('one too many')));
  });
  await Promise.all(accepted);
  await intake.accept(item('later'));
  expect(await pendingWords(database.db)).toEqual(['later', large.value.word, large.value.word]);
});

test('the default memory limit of an intake is 256 MiB', () => {
  expect(MAX_WAITING_BYTES).toBe(256 * 1024 * 1024);
});
