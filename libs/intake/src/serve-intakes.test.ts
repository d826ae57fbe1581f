import type { TestDatabase } from '@oriontel/database/testing';
import { connectQueues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDrain } from './create-drain.ts';
import { createIntake } from './create-intake.ts';
import { serveIntakes } from './serve-intakes.ts';
import {
  createScratchDatabase,
  insertRows,
  pendingWords,
  silentHooks,
  storedWords,
  storeWords,
  words,
} from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());

test('serveIntakes drains dispatched rows, sweeps lost ones and reports its state', async () => {
  const { db } = database;
  const [postgres] = testQueueStores();
  const queues = await connectQueues(postgres!.storeFor(database.url), () => {});
  onTestFinished(() => queues.close(0));
  const log = createLogger('test', 'silent');
  const drain = createDrain(db, words, storeWords, silentHooks);
  const options = { db, queues, log, concurrency: 2, sweepGraceSeconds: 0.1 };
  const serving = serveIntakes([{ queue: words.queue, drain }], options);
  expect(serving.isRunning()).toBe(true);

  const intake = createIntake(db, words, queues.producer(words.queue), { onUndispatched: () => {} });
  await intake.accept({ orgId: 1, key: 'a', value: { word: 'accepted' }, requestId: 'r' });
  await insertRows(db, ['lost'], -1);
  await expect.poll(() => pendingWords(db), { timeout: 15_000 }).toEqual([]);
  expect(await storedWords(db)).toEqual(['accepted', 'lost']);

  await serving.stopSweeper();
  await queues.close(1_000);
  expect(serving.isRunning()).toBe(false);
});

test('serveIntakes logs failed jobs and failed sweeps', async () => {
  const { db } = database;
  const [postgres] = testQueueStores();
  const queues = await connectQueues(postgres!.storeFor(database.url), () => {});
  onTestFinished(() => queues.close(0));
  const messages: string[] = [];
  const log = createLogger('test', 'info', {
    write: (line: string) => void messages.push((JSON.parse(line) as { msg: string }).msg),
  });
  async function drain(): Promise<void> {
    throw new Error('a bug');
  }
  const options = { db, queues, log, concurrency: 1, sweepGraceSeconds: 60 };
  const serving = serveIntakes([{ queue: words.queue, drain }], options);
  onTestFinished(() => serving.stopSweeper());
  const [id] = await insertRows(db, ['bad'], 60);
  await queues.producer(words.queue).add({ ids: [id!], swept: false });
  await expect.poll(() => messages, { timeout: 15_000 }).toContain('job failed, will be retried');
  await db.$executeRaw`ALTER TABLE intake RENAME TO intake_renamed`;
  await expect.poll(() => messages, { timeout: 15_000 }).toContain('sweep failed, will be retried');
});
