import { createDatabase } from '@oriontel/database';
import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Pointers } from './define-intake.ts';
import { createDrain } from './create-drain.ts';
import { startSweeper, sweep, type SweptQueue } from './sweep.ts';
import {
  createScratchDatabase,
  pendingWords,
  insertRows,
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
beforeEach(async () => {
  for (const table of ['intake', 'stored']) await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

const createHooks = () => ({ onSwept: vi.fn(), onError: vi.fn() });

/** A swept queue that records its jobs; with `down` it rejects every job. */
function createSweptQueue({
  name = 'words',
  down = false,
  oldestWaiting = null,
}: { name?: string; down?: boolean; oldestWaiting?: Date | null } = {}) {
  const add = vi.fn(async (_job: Pointers): Promise<void> => {
    if (down) throw new Error('queue is down');
  });
  const queue: SweptQueue = {
    name,
    producer: { add, oldestWaiting: async () => oldestWaiting },
    drain: createDrain(database.db, words, storeWords, silentHooks),
  };
  return { queue, add, jobs: () => add.mock.calls.map(([job]) => job) };
}

function setDue(ago: string) {
  return database.db.$executeRawUnsafe(`UPDATE intake SET due_at = now() - interval '${ago}'`);
}

async function secondsUntilDue(): Promise<number> {
  const [row] = await database.db.$queryRaw<[{ seconds: number }]>`
    SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM intake`;
  return row.seconds;
}

test('sweep dispatches due rows and reports how many', async () => {
  const { queue, jobs } = createSweptQueue();
  await insertRows(database.db, ['fresh']);
  const ids = await insertRows(database.db, ['lost', 'lost too'], -1);
  const hooks = createHooks();
  expect(await sweep(database.db, [queue], hooks)).toBe(2);
  expect(jobs().map(({ ids, swept }) => ({ ids: [...ids].sort(), swept }))).toEqual([
    { ids: ids.sort(), swept: true },
  ]);
  expect(hooks.onSwept).toHaveBeenCalledExactlyOnceWith(2, 'words');
  expect(await sweep(database.db, [queue], hooks)).toBe(0);
});

test('sweep ignores rows of other queues', async () => {
  const [mine, other] = [createSweptQueue(), createSweptQueue({ name: 'other' })];
  const [id] = await insertRows(database.db, ['mine'], -1);
  const [otherId] = await insertRows(database.db, ['other'], -1, 'other');
  await insertRows(database.db, ['nobody'], -1, 'of another worker');
  expect(await sweep(database.db, [mine.queue], createHooks())).toBe(1);
  expect(mine.jobs()).toEqual([{ ids: [id], swept: true }]);
  expect(await sweep(database.db, [mine.queue, other.queue], createHooks())).toBe(1);
  expect(other.jobs()).toEqual([{ ids: [otherId], swept: true }]);
});

test('a row that stays is due again after increasing delays', async () => {
  const { queue } = createSweptQueue();
  await insertRows(database.db, ['stubborn']);
  const delays: number[] = [];
  for (let time = 0; time < 12; time++) {
    await setDue('1 second');
    await sweep(database.db, [queue], { ...createHooks(), graceSeconds: 15 });
    delays.push(Math.round(await secondsUntilDue()));
  }
  expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 3840, 3840, 3840, 3840]);
});

test('rows with an attempt that did not end get one job each, others share a job', async () => {
  const { queue, jobs } = createSweptQueue();
  const ids = await insertRows(database.db, ['a', 'b', 'c', 'd'], -1);
  await sweep(database.db, [queue], createHooks());
  expect(jobs()).toHaveLength(1);
  await setDue('1 second');
  const begun = ids.slice(0, 2);
  await database.db.$executeRaw`UPDATE intake SET attempts = 1 WHERE id = ANY(${begun}::uuid[])`;
  await sweep(database.db, [queue], createHooks());
  const later = jobs().slice(1);
  expect(later.map((job) => job.ids.length)).toEqual([2, 1, 1]);
  expect(later.flatMap((job) => job.ids).sort()).toEqual(ids.sort());
});

test('rows whose jobs may still wait are not dispatched again, those dispatched before are', async () => {
  const graceSeconds = 5;
  const [lost, waiting] = await insertRows(database.db, ['lost', 'waiting']);
  async function setDispatched(id: string, secondsAgo: number): Promise<void> {
    await database.db.$executeRaw`
      UPDATE intake
      SET due_at = now() - make_interval(secs => ${secondsAgo - graceSeconds}::float8)
      WHERE id = ${id}::uuid`;
  }
  await setDispatched(lost!, 60);
  await setDispatched(waiting!, 20);
  const options = { ...createHooks(), graceSeconds };
  const behind = createSweptQueue({ oldestWaiting: new Date(Date.now() - 30_000) });
  expect(await sweep(database.db, [behind.queue], options)).toBe(1);
  expect(behind.jobs()).toEqual([{ ids: [lost], swept: true }]);
  const drained = createSweptQueue();
  expect(await sweep(database.db, [drained.queue], options)).toBe(1);
  expect(drained.jobs()).toEqual([{ ids: [waiting], swept: true }]);
});

test('many rows are split into jobs of 100, longest overdue first', async () => {
  const { queue, jobs } = createSweptQueue();
  const ids = await insertRows(
    database.db,
    Array.from({ length: 1_050 }, (_, i) => `w${i}`),
    -1,
  );
  expect(await sweep(database.db, [queue], createHooks())).toBe(1_000);
  expect(jobs().map((job) => job.ids.length)).toEqual(Array(10).fill(100));
  expect(await sweep(database.db, [queue], createHooks())).toBe(50);
  expect(new Set(jobs().flatMap((job) => job.ids))).toEqual(new Set(ids));
});

test('large rows are split into jobs of at most 8 MiB', async () => {
  const { queue, jobs } = createSweptQueue();
  await insertRows(
    database.db,
    Array.from({ length: 20 }, (_, i) => `w${i}`),
    -1,
  );
  await database.db.$executeRaw`UPDATE intake SET payload = to_json(repeat('x', 1100000))`;
  await sweep(database.db, [queue], createHooks());
  expect(jobs().map((job) => job.ids.length)).toEqual([7, 7, 6]);
});

test('concurrent sweepers share the rows and take none twice', async () => {
  const { queue, jobs } = createSweptQueue();
  await insertRows(
    database.db,
    Array.from({ length: 500 }, (_, i) => `w${i}`),
    -1,
  );
  const found = await Promise.all([1, 2, 3, 4].map(() => sweep(database.db, [queue], createHooks())));
  expect(found.reduce((sum, rows) => sum + rows)).toBe(500);
  const ids = jobs().flatMap((job) => job.ids);
  expect([ids.length, new Set(ids).size]).toEqual([500, 500]);
});

test('rows are drained in place if the queue is still down', async () => {
  const { queue } = createSweptQueue({ down: true });
  await insertRows(database.db, ['a', 'b'], -1);
  const hooks = createHooks();
  expect(await sweep(database.db, [queue], hooks)).toBe(2);
  expect([await storedWords(database.db), await pendingWords(database.db)]).toEqual([['a', 'b'], []]);
  expect(hooks.onError).not.toHaveBeenCalled();
});

test('an error of one queue is reported, and the next queue is swept', async () => {
  const [bad, good] = [createSweptQueue({ down: true }), createSweptQueue({ name: 'other' })];
  const drain = () => Promise.reject(new Error('a bug'));
  await insertRows(database.db, ['a'], -1);
  const [id] = await insertRows(database.db, ['b'], -1, 'other');
  const hooks = createHooks();
  await sweep(database.db, [{ ...bad.queue, drain }, good.queue], hooks);
  expect(hooks.onError).toHaveBeenCalledExactlyOnceWith(new Error('a bug'));
  expect(good.jobs()).toEqual([{ ids: [id], swept: true }]);
  expect(await pendingWords(database.db)).toEqual(['a']);
});

test('startSweeper runs one sweep at a time until stopped', async () => {
  let [inFlight, maxInFlight] = [0, 0];
  const { queue } = createSweptQueue();
  async function add(): Promise<void> {
    maxInFlight = Math.max(maxInFlight, (inFlight += 1));
    await new Promise((resolve) => setTimeout(resolve, 40));
    inFlight -= 1;
  }
  await insertRows(database.db, ['a', 'b'], -1);
  await database.db.$executeRaw`UPDATE intake SET sweeps = 1`;
  const hooks = createHooks();
  const sweeper = startSweeper(database.db, [{ ...queue, producer: { ...queue.producer, add } }], {
    ...hooks,
    intervalMs: 5,
  });
  onTestFinished(() => sweeper.stop());
  await expect.poll(() => hooks.onSwept.mock.calls).toEqual([[2, 'words']]);
  await sweeper.stop();
  expect([inFlight, maxInFlight]).toEqual([0, 1]);
  await insertRows(database.db, ['c'], -1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(hooks.onSwept).toHaveBeenCalledTimes(1);
});

test('stop waits for a running sweep', async () => {
  let finish = () => {};
  const { queue } = createSweptQueue();
  const add = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  await insertRows(database.db, ['a'], -1);
  const sweeper = startSweeper(database.db, [{ ...queue, producer: { ...queue.producer, add } }], {
    ...createHooks(),
    intervalMs: 5,
  });
  await expect.poll(() => add.mock.calls).toHaveLength(1);
  let isStopped = false;
  const stopped = sweeper.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  finish();
  await stopped;
});

test('startSweeper reports every failed sweep and continues', async () => {
  const db = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', name: 'down' });
  onTestFinished(() => db.$disconnect());
  const hooks = createHooks();
  const sweeper = startSweeper(db, [createSweptQueue().queue], { ...hooks, intervalMs: 5 });
  onTestFinished(() => sweeper.stop());
  await expect.poll(() => hooks.onError.mock.calls.length).toBeGreaterThan(2);
});
