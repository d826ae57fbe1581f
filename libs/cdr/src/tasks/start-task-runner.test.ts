import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { cdrTasks } from './cdr-task.repository.ts';
import { addCounts, FINISHED } from './cdr-task.ts';
import type { RunChunk } from './chunk.ts';
import { startTaskRunner } from './start-task-runner.ts';
import { claimTask, expireLeases, insertTask } from './testing/insert-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE munch_tasks`);

const log = createLogger('test', 'silent');
const WAIT = { timeout: 10_000 };

function startRunner(chunk: RunChunk) {
  const runChunk = { process: chunk, reprocess: chunk, cleanup: chunk };
  const runner = startTaskRunner({ db: store.db, runChunk, rest: async () => undefined, log });
  onTestFinished(runner.stop);
  return runner;
}

const finishingChunk: RunChunk = async function finishInOneChunk(task, save) {
  const progress = { position: FINISHED, counts: addCounts(task.counts, { unchanged: 1 }) };
  await save(store.db, progress);
  return progress;
};

async function states(): Promise<string[]> {
  const { items } = await cdrTasks(store.db).list(null, {}, { limit: 10, offset: 0 });
  return items.map(({ state }) => state).sort();
}

test('startTaskRunner runs all queued tasks, one at a time', async () => {
  let running = 0;
  let mostRunning = 0;
  for (let i = 0; i < 3; i += 1) await insertTask(store.db);
  startRunner(async (...args) => {
    mostRunning = Math.max(mostRunning, (running += 1));
    const progress = await finishingChunk(...args);
    running -= 1;
    return progress;
  });
  await expect.poll(states, WAIT).toEqual(['done', 'done', 'done']);
  expect(mostRunning).toBe(1);
});

test('two runners share the queued tasks and run each task once', async () => {
  const ran: string[] = [];
  for (let i = 0; i < 6; i += 1) await insertTask(store.db);
  const countRuns: RunChunk = async function countRun(task, ...rest) {
    ran.push(task.id);
    return finishingChunk(task, ...rest);
  };
  startRunner(countRuns);
  startRunner(countRuns);
  await expect.poll(states, WAIT).toEqual(Array<string>(6).fill('done'));
  expect(new Set(ran).size).toBe(6);
  expect(ran).toHaveLength(6);
});

test('a runner takes over an expired lease at the saved position', async () => {
  await insertTask(store.db);
  const dead = await claimTask(store.db);
  const position = { phase: 'legs', time: '2024-01-15T10:30:00.000Z', id: 'last' };
  const counts = addCounts(dead.task.counts, { unchanged: 4 });
  await cdrTasks(store.db).save(dead.lease, position, counts);
  await expireLeases(store.db);
  const seen: unknown[] = [];
  startRunner(async (task, ...rest) => {
    seen.push(task.position);
    return finishingChunk(task, ...rest);
  });
  await expect.poll(states, WAIT).toEqual(['done']);
  expect(seen).toEqual([position]);
  expect(await cdrTasks(store.db).find(null, dead.task.id)).toMatchObject({ counts: { processed: 5 } });
});

test('a runner leaves a task alone whose lease has not expired', async () => {
  const { id: leased } = await insertTask(store.db);
  await claimTask(store.db);
  const { id: queued } = await insertTask(store.db);
  startRunner(finishingChunk);
  await expect.poll(states, WAIT).toEqual(['done', 'running']);
  expect(await cdrTasks(store.db).find(null, leased)).toMatchObject({ state: 'running' });
  expect(await cdrTasks(store.db).find(null, queued)).toMatchObject({ state: 'done' });
});

test('wake starts a task at once, and without it the runner polls', async () => {
  const runner = startRunner(finishingChunk);
  await insertTask(store.db);
  runner.wake();
  await expect.poll(states, { timeout: 1_900 }).toEqual(['done']);
  await insertTask(store.db);
  await expect.poll(states, WAIT).toEqual(['done', 'done']);
});

test('stop waits for the running chunk and releases the task to other runners', async () => {
  await insertTask(store.db);
  let isStarted = false;
  let isSaved = false;
  const runner = startRunner(async (task, save) => {
    isStarted = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const progress = { position: { phase: 'next' }, counts: addCounts(task.counts, { unchanged: 1 }) };
    await save(store.db, progress);
    isSaved = true;
    return progress;
  });
  await expect.poll(() => isStarted, WAIT).toBe(true);
  await runner.stop();
  expect(isSaved).toBe(true);
  const { task } = await claimTask(store.db);
  expect(task).toMatchObject({ position: { phase: 'next' }, counts: { processed: 1 }, takeovers: 0 });
});

test('a runner survives an unavailable database', async () => {
  const warn = vi.spyOn(log, 'warn');
  onTestFinished(() => warn.mockRestore());
  await store.db.$executeRaw`ALTER TABLE munch_tasks RENAME TO munch_tasks_renamed`;
  const runner = startRunner(finishingChunk);
  await vi.waitFor(() => expect(warn).toHaveBeenCalled(), WAIT);
  await store.db.$executeRaw`ALTER TABLE munch_tasks_renamed RENAME TO munch_tasks`;
  await insertTask(store.db);
  runner.wake();
  await expect.poll(states, WAIT).toEqual(['done']);
});
