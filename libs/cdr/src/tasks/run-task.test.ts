import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cdrTasks, LEASE_SECONDS } from './cdr-task.repository.ts';
import { addCounts, FINISHED } from './cdr-task.ts';
import type { RunChunk } from './chunk.ts';
import { runTask, type TaskRunnerOptions } from './run-task.ts';
import { claimTask, expireLeases, insertTask } from './testing/insert-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE munch_tasks, entities`);

const log = createLogger('test', 'silent');

function createRunner(chunk: RunChunk, rest: TaskRunnerOptions['rest'] = async () => undefined) {
  const runChunk = { process: chunk, reprocess: chunk, cleanup: chunk };
  return runTask({ db: store.db, runChunk, rest, log });
}

/** Claims the next task and runs it. */
async function runNext(chunk: RunChunk, { signal = new AbortController().signal } = {}): Promise<void> {
  const { task, holder } = await claimTask(store.db);
  await createRunner(chunk)(task, holder, signal);
}

async function doNothing(_number: number): Promise<void> {}

/** Writes one row per chunk, in the transaction that saves the progress; the last of `chunks` finishes. */
function countingChunk(chunks: number, { onChunk = doNothing } = {}): RunChunk {
  return async function runCountingChunk(task, save) {
    const number = task.counts.processed + 1;
    return store.db.$transaction(async (tx) => {
      await tx.$executeRaw`
        INSERT INTO entities (org_id, type, id)
        VALUES (1, 'chunk', ${`${number}`})`;
      await onChunk(number);
      const progress = {
        position: number < chunks ? { phase: `after ${number}` } : FINISHED,
        counts: addCounts(task.counts, { unchanged: 1 }),
      };
      await save(tx, progress);
      return progress;
    });
  };
}

async function writtenChunks(): Promise<string[]> {
  return (await store.db.$queryRaw<{ id: string }[]>`SELECT id FROM entities ORDER BY id`).map(
    ({ id }) => id,
  );
}
async function onlyTask() {
  return (await cdrTasks(store.db).list(null, {}, { limit: 1, offset: 0 })).items[0]!;
}
/** A transient database error, see isUnavailable(). */
const connectionLost = () => new Error('Connection terminated unexpectedly');

test('runTask runs chunk after chunk, resting after each, and finishes the task', async () => {
  await insertTask(store.db);
  const { task, holder } = await claimTask(store.db);
  const rests: string[] = [];
  const run = createRunner(countingChunk(3), async (taskType) => void rests.push(taskType));
  await run(task, holder, new AbortController().signal);
  expect(await onlyTask()).toMatchObject({
    state: 'done',
    error: null,
    position: FINISHED,
    counts: { processed: 3, unchanged: 3 },
    finishedAt: expect.any(Date) as Date,
  });
  expect(rests).toEqual(['reprocess', 'reprocess', 'reprocess']);
});

test('runTask finishes a task that is already at its end', async () => {
  await insertTask(store.db, { position: FINISHED });
  await runNext(countingChunk(1));
  expect(await onlyTask()).toMatchObject({ state: 'done', counts: { processed: 0 } });
  expect(await writtenChunks()).toEqual([]);
});

describe('when the worker stops', () => {
  test('the running chunk is saved and the next runner continues after it', async () => {
    await insertTask(store.db);
    const stop = new AbortController();
    await runNext(countingChunk(3, { onChunk: async (number) => void (number === 2 && stop.abort()) }), {
      signal: stop.signal,
    });
    expect(await onlyTask()).toMatchObject({ state: 'running', position: { phase: 'after 2' } });
    await runNext(countingChunk(3));
    expect(await onlyTask()).toMatchObject({ state: 'done', counts: { processed: 3 } });
    expect(await writtenChunks()).toEqual(['1', '2', '3']);
  });

  test('a chunk that fails because of it is left to the next runner', async () => {
    await insertTask(store.db);
    const stop = new AbortController();
    await runNext(
      async () => {
        stop.abort();
        throw new Error('aborted');
      },
      { signal: stop.signal },
    );
    expect(await onlyTask()).toMatchObject({ state: 'running', error: null });
    await runNext(countingChunk(1));
    expect(await onlyTask()).toMatchObject({ state: 'done', takeovers: 0 });
  });
});

describe('a runner that loses its task in the middle of a chunk', () => {
  test('to another runner changes nothing, and the other runner completes it once', async () => {
    await insertTask(store.db);
    let second: Promise<void> | undefined;
    await runNext(
      countingChunk(3, {
        async onChunk(number) {
          if (number !== 2) return;
          await expireLeases(store.db);
          // It waits for the row of chunk 2 that this transaction has not committed.
          second = runNext(countingChunk(3));
          await vi.waitFor(async () => expect((await onlyTask()).takeovers).toBe(1), 4_000);
        },
      }),
    );
    await second;
    expect(await onlyTask()).toMatchObject({ state: 'done', counts: { processed: 3, unchanged: 3 } });
    expect(await writtenChunks()).toEqual(['1', '2', '3']);
  });

  test('to a cancellation rolls the chunk back', async () => {
    const { id } = await insertTask(store.db);
    await runNext(
      countingChunk(3, {
        onChunk: async (number) => void (number === 2 && (await cdrTasks(store.db).cancel(null, id))),
      }),
    );
    expect(await onlyTask()).toMatchObject({ state: 'cancelled', counts: { processed: 1 } });
    expect(await writtenChunks()).toEqual(['1']);
  });
});

describe('a chunk that fails', () => {
  test('fails the task and keeps the progress of the chunks before it', async () => {
    await insertTask(store.db);
    await runNext(
      countingChunk(3, {
        async onChunk(number) {
          if (number === 2) throw new Error('a bug');
        },
      }),
    );
    expect(await onlyTask()).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/log/) as string,
      counts: { processed: 1 },
    });
    expect(await writtenChunks()).toEqual(['1']);
  });

  test('because the database is unavailable is retried', async () => {
    await insertTask(store.db);
    let attempts = 0;
    await runNext(
      countingChunk(2, {
        async onChunk(number) {
          if (number === 2 && (attempts += 1) < 3) throw connectionLost();
        },
      }),
    );
    expect(attempts).toBe(3);
    expect(await onlyTask()).toMatchObject({ state: 'done', counts: { processed: 2 } });
    expect(await writtenChunks()).toEqual(['1', '2']);
  });

  test('because the database stays unavailable leaves the task running until its lease expires', async () => {
    await insertTask(store.db);
    vi.spyOn(Math, 'random').mockReturnValue(0.01);
    onTestFinished(() => void vi.restoreAllMocks());
    let attempts = 0;
    await runNext(async () => {
      attempts += 1;
      throw connectionLost();
    });
    expect(attempts).toBe(5);
    expect(await onlyTask()).toMatchObject({ state: 'running', error: null });
    await expireLeases(store.db);
    await runNext(countingChunk(1));
    expect(await onlyTask()).toMatchObject({ state: 'done' });
  });
});

describe('a task whose runners die one after the other', () => {
  async function claimAndDie(times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      await claimTask(store.db);
      await expireLeases(store.db);
    }
  }

  test('fails at the sixth takeover', async () => {
    await insertTask(store.db);
    await claimAndDie(6);
    await runNext(countingChunk(1));
    expect(await onlyTask()).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/died/) as string,
      counts: { processed: 0 },
    });
  });

  test('is allowed five more takeovers after each saved chunk', async () => {
    await insertTask(store.db);
    const stop = new AbortController();
    await claimAndDie(5);
    await runNext(countingChunk(3, { onChunk: async () => stop.abort() }), { signal: stop.signal });
    await claimAndDie(5);
    await runNext(countingChunk(3));
    expect(await onlyTask()).toMatchObject({ state: 'done', counts: { processed: 3 } });
    expect(await writtenChunks()).toEqual(['1', '2', '3']);
  });
});

describe('the heartbeat', () => {
  async function secondsOfLease(): Promise<number> {
    const [row] = await store.db.$queryRaw<[{ seconds: number }]>`
      SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 AS seconds
      FROM munch_tasks`;
    return row.seconds;
  }
  /** Starts a task whose only chunk waits for the returned function. */
  async function startLongChunk() {
    await insertTask(store.db);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    let finish = (): void => undefined;
    const chunk = countingChunk(1);
    const isReady = new Promise<void>((resolve) => (finish = resolve));
    const { task, holder } = await claimTask(store.db);
    const running = createRunner(async (...args) => {
      await isReady;
      return chunk(...args);
    })(task, holder, new AbortController().signal);
    return async function finishChunk(): Promise<void> {
      finish();
      await running;
    };
  }

  test('renews the lease three times per LEASE_SECONDS while a chunk runs', async () => {
    const finish = await startLongChunk();
    await expireLeases(store.db);
    await vi.advanceTimersByTimeAsync((LEASE_SECONDS * 1_000) / 3);
    await vi.waitFor(async () => expect(await secondsOfLease()).toBeGreaterThan(LEASE_SECONDS - 5));
    await finish();
    expect(await onlyTask()).toMatchObject({ state: 'done' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not stop the task when a renewal fails', async () => {
    const warn = vi.spyOn(log, 'warn');
    onTestFinished(() => warn.mockRestore());
    const finish = await startLongChunk();
    await store.db.$executeRaw`ALTER TABLE munch_tasks RENAME TO munch_tasks_renamed`;
    await vi.advanceTimersByTimeAsync((LEASE_SECONDS * 1_000) / 3);
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    await store.db.$executeRaw`ALTER TABLE munch_tasks_renamed RENAME TO munch_tasks`;
    await finish();
    expect(await onlyTask()).toMatchObject({ state: 'done' });
  });
});
