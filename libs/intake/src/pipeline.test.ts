import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from '@oriontel/database/testing';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
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

const acceptance = (word: string) => ({ orgId: 1, key: word, value: { word }, requestId: 'r' });
const serve = { concurrency: 4, onFailure: () => {} };
const manyWords = Array.from({ length: 300 }, (_, i) => `word ${String(i).padStart(3, '0')}`);

describe.each(testQueueStores())('the road by a queue on $kind', ({ open: storeAt }) => {
  let database: TestDatabase;
  let drain: Drain;
  beforeAll(async () => {
    database = await createScratchDatabase();
    drain = createDrain(database.db, words, storeWords, silentHooks);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const table of ['intake', 'stored']) await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
  });

  async function open(): Promise<Queues> {
    const queues = await connectQueues(storeAt(database.url), () => {});
    onTestFinished(() => queues.close(0));
    return queues;
  }
  function openIntakeOn(producer: Parameters<typeof createIntake>[2]) {
    return createIntake<Word>(database.db, words, producer, { onUndispatched: () => {}, graceSeconds: -1 });
  }

  /** A worker of its own; `hang`: it stops inside its first transaction, after the write, and says so. */
  async function startWorker({ hang }: { hang: boolean }) {
    const script = `
      import { openDatabase } from './libs/database/src/index.ts';
      import { openQueues } from './libs/queues/src/index.ts';
      import { openDrain } from './libs/intake/src/index.ts';
      import { storeWords, words, silent } from './libs/intake/src/testing/scratch.ts';
      const db = openDatabase({ url: '${database.url}', name: 'killed worker' });
      const queues = await openQueues(${JSON.stringify(storeAt(database.url))}, console.error);
      const store = async (tx, rows) => {
        await storeWords(tx, rows);
        console.log('in the middle');
        if (${hang}) await new Promise(() => {});
        return [];
      };
      queues.consumer(words.queue, openDrain(db, words, store, silent), { concurrency: 2, onFailure: console.error });`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the worker ended by itself')));
    ended.catch(() => {});
    return { child, inTheMiddle: Promise.race([once(child.stdout, 'data'), ended]) };
  }

  function connectionsOfTheKilled() {
    return database.db
      .$queryRaw`SELECT 1 FROM pg_stat_activity WHERE application_name = 'killed worker' AND datname = current_database()`;
  }

  test('what is accepted is stored once, and a reader can wait for it', async () => {
    const queues = await open();
    const intake = openIntakeOn(queues.producer(words.queue));
    queues.consumer(words.queue, drain, serve);
    const accepted = await Promise.all(manyWords.map((word) => intake.accept(acceptance(word))));
    const { id } = accepted.at(-1)!;
    expect(await awaitDrained(async () => !(await intakeRows(database.db).exists(id)), 10_000)).toBe(true);
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });

  test('what is accepted while the queue is down is stored once a sweeper finds it', async () => {
    const intake = openIntakeOn({ add: () => Promise.reject(new Error('queue is down')) });
    await Promise.all(['a', 'b', 'c'].map((word) => intake.accept(acceptance(word))));
    expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c']);
    const queues = await open();
    queues.consumer(words.queue, drain, serve);
    const swept = { name: words.queue.name, producer: queues.producer(words.queue), drain };
    expect(await sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} })).toBe(3);
    await expect.poll(() => storedWords(database.db)).toEqual(['a', 'b', 'c']);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('every job delivered twice, and swept besides, to several workers, stores everything once', async () => {
    const workers = [await open(), await open()];
    const producer = workers[0]!.producer(words.queue);
    const intake = openIntakeOn({
      async add(pointers) {
        await Promise.all([producer.add(pointers), producer.add(pointers)]);
      },
    });
    for (const worker of workers) worker.consumer(words.queue, drain, serve);
    const swept = { name: words.queue.name, producer, drain };
    await Promise.all([
      ...manyWords.map((word) => intake.accept(acceptance(word))),
      sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} }),
    ]);
    await intake.close();
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });

  test('a worker killed between read and commit leaves nothing stored, and the record is stored once by another', async () => {
    const queues = await open();
    const intake = openIntakeOn(queues.producer(words.queue));
    const worker = await startWorker({ hang: true });
    await intake.accept(acceptance('precious'));
    await worker.inTheMiddle;
    worker.child.kill('SIGKILL');
    await expect.poll(connectionsOfTheKilled).toEqual([]);
    expect([await storedWords(database.db), await pendingWords(database.db)]).toEqual([[], ['precious']]);
    queues.consumer(words.queue, drain, serve);
    const swept = { name: words.queue.name, producer: queues.producer(words.queue), drain };
    await sweep(database.db, [swept], { onSwept: () => {}, onError: () => {} });
    await expect.poll(() => storedWords(database.db), { timeout: 10_000 }).toEqual(['precious']);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('a worker killed again and again in the middle of a flood loses nothing and stores nothing twice', async () => {
    const queues = await open();
    const producer = queues.producer(words.queue);
    const intake = openIntakeOn(producer);
    for (let round = 0; round < 3; round++) {
      const worker = await startWorker({ hang: false });
      const accepting = manyWords
        .slice(round * 100, round * 100 + 100)
        .map((word) => intake.accept(acceptance(word)));
      await worker.inTheMiddle;
      worker.child.kill('SIGKILL');
      await Promise.all(accepting);
    }
    await expect.poll(connectionsOfTheKilled).toEqual([]);
    queues.consumer(words.queue, drain, serve);
    await sweep(database.db, [{ name: 'words', producer, drain }], { onSwept: () => {}, onError: () => {} });
    await expect.poll(() => pendingWords(database.db), { timeout: 10_000 }).toEqual([]);
    expect(await storedWords(database.db)).toEqual(manyWords);
  });
});
