import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { connectQueues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startRecurringTasks } from './start-recurring-tasks.ts';
import { recurringTasks } from './recurring-task.repository.ts';
import type { RecurringTaskDefinition } from './recurring-task.ts';
import { createOccurrenceRunner } from './create-occurrence-runner.ts';

const log = createLogger('test', 'silent');
const DAY_SECONDS = 86_400;

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE recurring_tasks`);

async function findTask(name: string) {
  return (await recurringTasks(store.db).list()).find((task) => task.name === name)!;
}
function makeDue(name: string) {
  return store.db.$executeRaw`
    UPDATE recurring_tasks
    SET next_run_at = now() - interval '1 minute'
    WHERE name = ${name}`;
}
function countingTask(name: string, everySeconds: number) {
  let runs = 0;
  const task: RecurringTaskDefinition = { name, everySeconds, run: async () => `run ${(runs += 1)}` };
  return { task, runs: () => runs };
}

describe('an occurrence', () => {
  const runOccurrence: ReturnType<typeof createOccurrenceRunner> = (...args) =>
    createOccurrenceRunner(store.db, log)(...args);

  test('runs in one of many concurrent workers, and again when it is due', async () => {
    const { task, runs } = countingTask('one', DAY_SECONDS);
    await recurringTasks(store.db).register('one', DAY_SECONDS);
    const runConcurrently = () => Promise.all(Array.from({ length: 8 }, () => runOccurrence(task, 0)));
    expect((await runConcurrently()).filter(Boolean)).toHaveLength(1);
    expect((await runConcurrently()).filter(Boolean)).toHaveLength(0);
    await makeDue('one');
    expect((await runConcurrently()).filter(Boolean)).toHaveLength(1);
    expect(runs()).toBe(2);
    const stored = await findTask('one');
    expect(stored).toMatchObject({
      runs: 2,
      failures: 0,
      lastOutcome: 'done',
      lastDetail: 'run 2',
      isRunning: false,
    });
    // A multiple of its interval: midnight UTC.
    expect(stored.nextRunAt.toISOString()).toMatch(/T00:00:00.000Z$/);
    expect(stored.nextRunAt.getTime()).toBeGreaterThan(Date.now());
  });

  test('that fails is recorded without the error message and runs again', async () => {
    await recurringTasks(store.db).register('bad', DAY_SECONDS);
    const run = () => Promise.reject(new Error('secret'));
    expect(await runOccurrence({ name: 'bad', everySeconds: DAY_SECONDS, run }, 0)).toBe(true);
    expect(await findTask('bad')).toMatchObject({ runs: 1, failures: 1, lastOutcome: 'failed' });
    expect((await findTask('bad')).lastDetail).not.toContain('secret');
    await makeDue('bad');
    expect(await runOccurrence({ name: 'bad', everySeconds: DAY_SECONDS, run: async () => 'good' }, 0)).toBe(
      true,
    );
    expect(await findTask('bad')).toMatchObject({
      runs: 2,
      failures: 1,
      lastOutcome: 'done',
      lastDetail: 'good',
    });
  });

  test('of a dead worker runs again after its lease has expired', async () => {
    const { task } = countingTask('dead', DAY_SECONDS);
    await recurringTasks(store.db).register('dead', DAY_SECONDS);
    const holder = '018d0cab-c440-8543-ab49-09fb514dbccd';
    expect(await recurringTasks(store.db).claim('dead', holder, 0)).toBe(true);
    expect(await runOccurrence(task, 0)).toBe(false);
    expect(await findTask('dead')).toMatchObject({ isRunning: true });
    await store.db.$executeRaw`UPDATE recurring_tasks SET lease_until = now() - interval '1 second'`;
    expect(await runOccurrence(task, 0)).toBe(true);
    expect(await findTask('dead')).toMatchObject({ runs: 2, lastOutcome: 'done' });
  });
});

describe.each(testQueueStores())('startRecurringTasks with a scheduler on $kind', ({ storeFor }) => {
  async function start(tasks: RecurringTaskDefinition[], watchdogIntervalMs: number) {
    const queues = await connectQueues(storeFor(store.url), () => undefined);
    const stop = startRecurringTasks({
      db: store.db,
      queues,
      log,
      tasks,
      watchdogIntervalMs,
    });
    onTestFinished(async () => {
      await stop();
      await queues.close(1_000);
    });
  }

  test('runs each due occurrence once with two workers', async () => {
    const [first, second] = [countingTask('often', 1), countingTask('often', 1)];
    const startedAt = Date.now();
    await start([first.task], 60_000);
    await start([second.task], 60_000);
    const runs = () => first.runs() + second.runs();
    await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    expect(runs()).toBeLessThanOrEqual((Date.now() - startedAt) / 1_000 + 2);
    expect((await findTask('often')).runs).toBeGreaterThanOrEqual(4);
  });

  test('runs an overdue occurrence by the watchdog', async () => {
    const { task, runs } = countingTask('rare', DAY_SECONDS);
    await start([task], 100);
    await expect.poll(runs, { timeout: 20_000 }).toBe(1);
    await makeDue('rare');
    await expect.poll(runs, { timeout: 20_000 }).toBe(2);
  });
});

test('startRecurringTasks runs tasks by the watchdog if the queue is unreachable', async () => {
  const { task, runs } = countingTask('alone', DAY_SECONDS);
  const queues = await connectQueues({ kind: 'redis', url: 'redis://127.0.0.1:1' }, () => undefined);
  const stop = startRecurringTasks({ db: store.db, queues, log, tasks: [task], watchdogIntervalMs: 100 });
  onTestFinished(async () => {
    await stop();
    await queues.close(0);
  });
  await vi.waitFor(() => recurringTasks(store.db).list(), 5_000);
  await expect.poll(async () => (await recurringTasks(store.db).list()).length, { timeout: 10_000 }).toBe(1);
  await makeDue('alone');
  await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
});
