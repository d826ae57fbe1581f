import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Failure } from '@oriontel/contracts';
import { createDatabase, type Database } from '@oriontel/database';
import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createIntake } from './create-intake.ts';
import { defineIntake, type Pointers } from './define-intake.ts';
import { intakeRows } from './intake.repository.ts';
import { createScratchDatabase, pendingWords, words, type Word } from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`DELETE FROM intake`);

const acceptance = (word: string) => ({ orgId: 1, key: word, value: { word }, requestId: 'r' });

function openWith(db: Database, add = async (_pointers: Pointers): Promise<void> => {}) {
  const producer = { add: vi.fn(add) };
  const onUndispatched = vi.fn();
  return { intake: createIntake<Word>(db, words, producer, { onUndispatched }), producer, onUndispatched };
}

function otherDatabase(options: Partial<Parameters<typeof createDatabase>[0]>): Database {
  const db = createDatabase({ url: database.url, name: 'gateway', ...options });
  onTestFinished(() => db.$disconnect());
  return db;
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
}

async function expectUnavailable(work: Promise<unknown>): Promise<void> {
  const failure = await failureOf(work);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ code: 'unavailable', retryAfter: 2, retry: true });
}

test('resolves once the row is committed and can be read by everybody', async () => {
  const { intake } = openWith(otherDatabase({}));
  const { id } = await intake.accept(acceptance('hello'));
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

test('does not resolve before the commit', async () => {
  const { intake, producer } = openWith(database.db);
  let isAccepted = false;
  let accepted: Promise<unknown> | undefined;
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    accepted = intake.accept(acceptance('slow')).then(() => (isAccepted = true));
    await expect
      .poll(
        () =>
          database.db
            .$queryRaw`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO intake%' AND datname = current_database()`,
      )
      .toHaveLength(1);
    expect([isAccepted, producer.add.mock.calls.length]).toEqual([false, 0]);
  });
  await accepted;
  expect(await pendingWords(database.db)).toEqual(['slow']);
});

test('sends one job for a whole group, with the ids of its rows and nothing else', async () => {
  const { intake, producer } = openWith(database.db);
  const accepted = await Promise.all(
    Array.from({ length: 60 }, (_, i) => intake.accept(acceptance(`w${i}`))),
  );
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
  ['nothing', ''],
] as const)('keeps %s to the letter', async ([, word]) => {
  const { intake } = openWith(database.db);
  await intake.accept({ ...acceptance('exact'), value: { word } });
  const [row] = await intakeRows(database.db).pending<Word>('words', 1, { key: 'exact', limit: 1 });
  expect(row!.payload).toStrictEqual({ word });
});

test('keeps numbers, nesting, order and twin keys of JSON as they were', async () => {
  const value = { z: 1.1, a: [null, true, { deep: 1e21 }], n: -0.000001, big: Number.MAX_SAFE_INTEGER };
  const kind = defineIntake<typeof value>('values');
  const intake = createIntake(database.db, kind, { add: async () => {} }, { onUndispatched: () => {} });
  await intake.accept({ orgId: 1, key: 'v', value, requestId: 'r' });
  const [row] = await intakeRows(database.db).pending('values', 1, { limit: 1 });
  expect(JSON.stringify(row!.payload)).toBe(JSON.stringify(value));
});

test('a queue that is down does not matter to the caller: the row waits and it is told', async () => {
  const { intake, onUndispatched } = openWith(database.db, () => Promise.reject(new Error('queue is down')));
  await intake.accept(acceptance('patient'));
  await intake.close();
  expect(await pendingWords(database.db)).toEqual(['patient']);
  expect(onUndispatched).toHaveBeenCalledExactlyOnceWith(new Error('queue is down'), 1);
});

test('a queue that does not answer does not hold up the caller, but close waits for it', async () => {
  let answer = () => {};
  const { intake } = openWith(database.db, () => new Promise((resolve) => (answer = resolve)));
  await intake.accept(acceptance('quick'));
  let isClosed = false;
  const closed = intake.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  answer();
  await closed;
});

test('a database that is down is unavailable at once', async () => {
  const { intake, producer } = openWith(otherDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none' }));
  const began = performance.now();
  await Promise.all(Array.from({ length: 50 }, () => expectUnavailable(intake.accept(acceptance('lost')))));
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(producer.add).not.toHaveBeenCalled();
});

test('a database that never answers is unavailable within seconds, and so is everything that waited', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`;
  const { intake } = openWith(otherDatabase({ url }));
  const began = performance.now();
  await Promise.all(Array.from({ length: 50 }, () => expectUnavailable(intake.accept(acceptance('lost')))));
  expect(performance.now() - began).toBeLessThan(6_000);
});

test('a connection that is ended in the middle is unavailable, nothing is stored, and the next caller succeeds', async () => {
  const { intake, producer } = openWith(otherDatabase({ name: 'doomed' }));
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    const lost = expectUnavailable(intake.accept(acceptance('lost')));
    await expect
      .poll(
        () =>
          database.db
            .$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed' AND wait_event_type = 'Lock'`,
      )
      .toHaveLength(1);
    await lost;
  });
  await intake.accept(acceptance('next'));
  expect(await pendingWords(database.db)).toEqual(['next']);
  expect(producer.add).toHaveBeenCalledTimes(1);
});

test('a statement that takes too long is unavailable', async () => {
  const { intake } = openWith(otherDatabase({ statementTimeoutMs: 100 }));
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    await expectUnavailable(intake.accept(acceptance('lost')));
  });
  expect(await pendingWords(database.db)).toEqual([]);
});

test('a record that cannot be stored is unprocessable and does no harm to those written with it', async () => {
  const { intake, producer } = openWith(database.db);
  const keys = ['a', 'b', 'c', 'd', 'bad\u0000key', 'e', 'f'];
  const outcomes = await Promise.allSettled(keys.map((key) => intake.accept(acceptance(key))));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ code: 'unprocessable' }) },
  ]);
  expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  const ids = producer.add.mock.calls.flatMap(([job]) => job.ids);
  expect(new Set(ids).size).toBe(6);
});

test('more than memory should hold is refused with unavailable, and taken again once there is room', async () => {
  const { intake } = openWith(database.db);
  const large = { ...acceptance('large'), value: { word: 'x'.repeat(140 * 1024 * 1024) } };
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE intake IN ACCESS EXCLUSIVE MODE`;
    const waiting = [1, 2].map(() => failureOf(intake.accept(large)));
    await expectUnavailable(intake.accept(acceptance('one too many')));
    await tx.$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    void waiting;
  });
  await intake.close();
  await intake.accept(acceptance('later'));
}, 60_000);
