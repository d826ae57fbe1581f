import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestDatabase } from '@oriontel/database/testing';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { bundleProgram } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createIntake } from './create-intake.ts';
import { awaitDrained } from './await-drained.ts';
import { createDrain, type Drain } from './create-drain.ts';
import { intakeRows } from './intake.repository.ts';
import { sweep } from './sweep.ts';
import {
  createScratchDatabase,
  pendingWords,
  silentHooks,
  storedWords,
  storeWords,
  words,
  type Word,
} from './testing/scratch.ts';

vi.setConfig({ testTimeout: 60_000 });

const item = (word: string) => ({ orgId: 1, key: word, value: { word }, requestId: 'r' });
const consumerOptions = { concurrency: 4, onFailure: () => {} };
const manyWords = Array.from({ length: 300 }, (_, i) => `word ${String(i).padStart(3, '0')}`);

describe.each(testQueueStores())('the intake pipeline with a queue on $kind', ({ storeFor }) => {
  let database: TestDatabase;
  let drain: Drain;
  let program: string;
  beforeAll(async () => {
    database = await createScratchDatabase();
    drain = createDrain(database.db, words, storeWords, silentHooks);
    program = await bundleProgram(new URL('testing/worker.program.ts', import.meta.url));
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const table of ['intake', 'stored']) await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
  });

  async function connect(): Promise<Queues> {
    const queues = await connectQueues(storeFor(database.url), () => {});
    onTestFinished(() => queues.close(0));
    return queues;
  }
  function createTestIntake(producer: Parameters<typeof createIntake>[2]) {
    return createIntake<Word>(database.db, words, producer, { onUndispatched: () => {}, graceSeconds: -1 });
  }

  /** Starts a worker process; with `hang` it stops inside its first transaction, after the write. */
  async function startWorker({ hang }: { hang: boolean }) {
    const args = [program, database.url, JSON.stringify(storeFor(database.url)), String(hang)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit').then(() =>
      Promise.reject(new Error('the worker exited unexpectedly')),
    );
    exited.catch(() => {});
    return { child, rowWritten: Promise.race([once(child.stdout, 'data'), exited]) };
  }

  function killedWorkerConnections() {
    return database.db.$queryRaw`
      SELECT 1
      FROM pg_stat_activity
      WHERE application_name = 'killed worker'
        AND datname = current_database()`;
  }

  test('an accepted value is stored once, and a reader can wait for it', async () => {
    const queues = await connect();
    const intake = createTestIntake(queues.producer(words.queue));
    queues.consumer(words.queue, drain, consumerOptions);
    const accepted = await Promise.all(manyWords.map((word) => intake.accept(item(word))));
    const { id } = accepted.at(-1)!;
    expect(await awaitDrained(async () => !(await intakeRows(database.db).exists(id)), 10_000)).toBe(true);
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });

  test('a value accepted while the queue is down is stored after a sweep', async () => {
    const intake = createTestIntake({ add: () => Promise.reject(new Error('queue is down')) });
    await Promise.all(['a', 'b', 'c'].map((word) => intake.accept(item(word))));
    expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c']);
    const queues = await connect();
    queues.consumer(words.queue, drain, consumerOptions);
    const swept = { name: words.queue.name, producer: queues.producer(words.queue), drain };
    expect(await sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} })).toBe(3);
    await expect.poll(() => storedWords(database.db)).toEqual(['a', 'b', 'c']);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('jobs delivered twice and swept, to several workers, store every value once', async () => {
    const workers = [await connect(), await connect()];
    const producer = workers[0]!.producer(words.queue);
    const intake = createTestIntake({
      async add(pointers) {
        await Promise.all([producer.add(pointers), producer.add(pointers)]);
      },
    });
    for (const worker of workers) worker.consumer(words.queue, drain, consumerOptions);
    const swept = { name: words.queue.name, producer, drain };
    await Promise.all([
      ...manyWords.map((word) => intake.accept(item(word))),
      sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} }),
    ]);
    await intake.close();
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });

  test('a worker killed before its commit stores nothing, and another worker stores once', async () => {
    const queues = await connect();
    const intake = createTestIntake(queues.producer(words.queue));
    const worker = await startWorker({ hang: true });
    await intake.accept(item('precious'));
    await worker.rowWritten;
    worker.child.kill('SIGKILL');
    await expect.poll(killedWorkerConnections).toEqual([]);
    expect([await storedWords(database.db), await pendingWords(database.db)]).toEqual([[], ['precious']]);
    queues.consumer(words.queue, drain, consumerOptions);
    const swept = { name: words.queue.name, producer: queues.producer(words.queue), drain };
    await sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} });
    await expect.poll(() => storedWords(database.db), { timeout: 10_000 }).toEqual(['precious']);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('workers killed repeatedly under load lose nothing and store nothing twice', async () => {
    const queues = await connect();
    const producer = queues.producer(words.queue);
    const intake = createTestIntake(producer);
    for (let round = 0; round < 3; round++) {
      const worker = await startWorker({ hang: false });
      const accepting = manyWords
        .slice(round * 100, round * 100 + 100)
        .map((word) => intake.accept(item(word)));
      await worker.rowWritten;
      worker.child.kill('SIGKILL');
      await Promise.all(accepting);
    }
    await expect.poll(killedWorkerConnections).toEqual([]);
    queues.consumer(words.queue, drain, consumerOptions);
    await sweep(database.db, [{ name: 'words', producer, drain }], { onSwept: () => {}, onError: () => {} });
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });
});
