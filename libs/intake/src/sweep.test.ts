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

const options = () => ({ onSwept: vi.fn(), onError: vi.fn() });

/** The words' queue, with what it was given; `down`: it takes nothing. */
function openQueue({ name = 'words', down = false } = {}) {
  const add = vi.fn(async (_job: Pointers): Promise<void> => {
    if (down) throw new Error('queue is down');
  });
  const queue: SweptQueue = {
    name,
    producer: { add },
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

test('dispatches the rows that are due, and tells how many', async () => {
  const { queue, jobs } = openQueue();
  await insertRows(database.db, ['fresh']);
  const ids = await insertRows(database.db, ['forgotten', 'lost'], -1);
  const told = options();
  expect(await sweep(database.db, [queue], told)).toBe(2);
  expect(jobs().map(({ ids, swept }) => ({ ids: [...ids].sort(), swept }))).toEqual([
    { ids: ids.sort(), swept: true },
  ]);
  expect(told.onSwept).toHaveBeenCalledExactlyOnceWith(2, 'words');
  expect(await sweep(database.db, [queue], told)).toBe(0);
});

test('leaves the rows of other queues alone', async () => {
  const [mine, other] = [openQueue(), openQueue({ name: 'other' })];
  const [id] = await insertRows(database.db, ['mine'], -1);
  const [otherId] = await insertRows(database.db, ['other'], -1, 'other');
  await insertRows(database.db, ['nobody'], -1, 'of another worker');
  expect(await sweep(database.db, [mine.queue], options())).toBe(1);
  expect(mine.jobs()).toEqual([{ ids: [id], swept: true }]);
  expect(await sweep(database.db, [mine.queue, other.queue], options())).toBe(1);
  expect(other.jobs()).toEqual([{ ids: [otherId], swept: true }]);
});

test('a row that stays is due again after ever longer', async () => {
  const { queue } = openQueue();
  await insertRows(database.db, ['stubborn']);
  const pauses: number[] = [];
  for (let time = 0; time < 12; time++) {
    await setDue('1 second');
    await sweep(database.db, [queue], { ...options(), graceSeconds: 15 });
    pauses.push(Math.round(await secondsUntilDue()));
  }
  expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 3840, 3840, 3840, 3840]);
});

test('rows that were swept before go one to a job', async () => {
  const { queue, jobs } = openQueue();
  const ids = await insertRows(database.db, ['a', 'b', 'c'], -1);
  await sweep(database.db, [queue], options());
  expect(jobs()).toHaveLength(1);
  await setDue('1 second');
  await sweep(database.db, [queue], options());
  const alone = jobs().slice(1);
  expect(alone.map((job) => job.ids.length)).toEqual([1, 1, 1]);
  expect(alone.flatMap((job) => job.ids).sort()).toEqual(ids.sort());
});

test('many rows go a hundred to a job, the oldest due first', async () => {
  const { queue, jobs } = openQueue();
  const ids = await insertRows(
    database.db,
    Array.from({ length: 1_050 }, (_, i) => `w${i}`),
    -1,
  );
  expect(await sweep(database.db, [queue], options())).toBe(1_000);
  expect(jobs().map((job) => job.ids.length)).toEqual(Array(10).fill(100));
  expect(await sweep(database.db, [queue], options())).toBe(50);
  expect(new Set(jobs().flatMap((job) => job.ids))).toEqual(new Set(ids));
});

test('large rows go no more to a job than a worker can hold', async () => {
  const { queue, jobs } = openQueue();
  await insertRows(
    database.db,
    Array.from({ length: 20 }, (_, i) => `w${i}`),
    -1,
  );
  await database.db.$executeRaw`UPDATE intake SET payload = to_json(repeat('x', 1100000))`;
  await sweep(database.db, [queue], options());
  expect(jobs().map((job) => job.ids.length)).toEqual([7, 7, 6]);
});

test('sweepers that run at once share the rows and take none twice', async () => {
  const { queue, jobs } = openQueue();
  await insertRows(
    database.db,
    Array.from({ length: 500 }, (_, i) => `w${i}`),
    -1,
  );
  const found = await Promise.all([1, 2, 3, 4].map(() => sweep(database.db, [queue], options())));
  expect(found.reduce((sum, rows) => sum + rows)).toBe(500);
  const ids = jobs().flatMap((job) => job.ids);
  expect([ids.length, new Set(ids).size]).toEqual([500, 500]);
});

test('where the queue is still down the rows are drained in place', async () => {
  const { queue } = openQueue({ down: true });
  await insertRows(database.db, ['a', 'b'], -1);
  const told = options();
  expect(await sweep(database.db, [queue], told)).toBe(2);
  expect([await storedWords(database.db), await pendingWords(database.db)]).toEqual([['a', 'b'], []]);
  expect(told.onError).not.toHaveBeenCalled();
});

test('a queue whose rows can be neither dispatched nor drained is told, and the next queue is swept', async () => {
  const [bad, good] = [openQueue({ down: true }), openQueue({ name: 'other' })];
  const drain = () => Promise.reject(new Error('a bug'));
  await insertRows(database.db, ['a'], -1);
  const [id] = await insertRows(database.db, ['b'], -1, 'other');
  const told = options();
  await sweep(database.db, [{ ...bad.queue, drain }, good.queue], told);
  expect(told.onError).toHaveBeenCalledExactlyOnceWith(new Error('a bug'));
  expect(good.jobs()).toEqual([{ ids: [id], swept: true }]);
  expect(await pendingWords(database.db)).toEqual(['a']);
});

test('keepSweeping finds what is forgotten, one sweep at a time, until it is stopped', async () => {
  let [underWay, most] = [0, 0];
  const { queue } = openQueue();
  async function add() {
    most = Math.max(most, (underWay += 1));
    await new Promise((resolve) => setTimeout(resolve, 40));
    underWay -= 1;
  }
  await insertRows(database.db, ['a', 'b'], -1);
  await database.db.$executeRaw`UPDATE intake SET sweeps = 1`;
  const told = options();
  const sweeping = startSweeper(database.db, [{ ...queue, producer: { add } }], { ...told, interval: 5 });
  onTestFinished(() => sweeping.stop());
  await expect.poll(() => told.onSwept.mock.calls).toEqual([[2, 'words']]);
  await sweeping.stop();
  expect([underWay, most]).toEqual([0, 1]);
  await insertRows(database.db, ['c'], -1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told.onSwept).toHaveBeenCalledTimes(1);
});

test('stopping waits for the sweep under way', async () => {
  let finish = () => {};
  const { queue } = openQueue();
  const add = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  await insertRows(database.db, ['a'], -1);
  const sweeping = startSweeper(database.db, [{ ...queue, producer: { add } }], {
    ...options(),
    interval: 5,
  });
  await expect.poll(() => add.mock.calls).toHaveLength(1);
  let isStopped = false;
  const stopped = sweeping.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  finish();
  await stopped;
});

test('a database that is down is told each time and does not end the sweeping', async () => {
  const db = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', name: 'down' });
  onTestFinished(() => db.$disconnect());
  const told = options();
  const sweeping = startSweeper(db, [openQueue().queue], { ...told, interval: 5 });
  onTestFinished(() => sweeping.stop());
  await expect.poll(() => told.onError.mock.calls.length).toBeGreaterThan(2);
});
