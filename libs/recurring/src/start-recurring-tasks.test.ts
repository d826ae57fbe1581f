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
const DAY = 86_400;

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE recurring_tasks`);

async function read(name: string) {
  return (await recurringTasks(store.db).list()).find((task) => task.name === name)!;
}
function makeDue(name: string) {
  return store.db
    .$executeRaw`UPDATE recurring_tasks SET next_run_at = now() - interval '1 minute' WHERE name = ${name}`;
}
function counting(name: string, every: number) {
  let runs = 0;
  const work: RecurringTaskDefinition = { name, everySeconds: every, run: async () => `run ${(runs += 1)}` };
  return { work, runs: () => runs };
}

describe('an occurrence', () => {
  const occur = () => createOccurrenceRunner(store.db, log);

  test('is done by one of many workers that want it, and the next when it is due', async () => {
    const { work, runs } = counting('one', DAY);
    await recurringTasks(store.db).register('one', DAY);
    const at = () => Promise.all(Array.from({ length: 8 }, () => occur()(work, 0)));
    expect((await at()).filter(Boolean)).toHaveLength(1);
    expect((await at()).filter(Boolean)).toHaveLength(0);
    await makeDue('one');
    expect((await at()).filter(Boolean)).toHaveLength(1);
    expect(runs()).toBe(2);
    const task = await read('one');
    expect(task).toMatchObject({
      runs: 2,
      failures: 0,
      lastOutcome: 'done',
      lastDetail: 'run 2',
      isRunning: false,
    });
    // At a multiple of its interval: midnight.
    expect(task.nextRunAt.toISOString()).toMatch(/T00:00:00.000Z$/);
    expect(task.nextRunAt.getTime()).toBeGreaterThan(Date.now());
  });

  test('that fails is told of, without what is inside, and comes again', async () => {
    await recurringTasks(store.db).register('bad', DAY);
    const run = () => Promise.reject(new Error('secret'));
    expect(await occur()({ name: 'bad', everySeconds: DAY, run }, 0)).toBe(true);
    expect(await read('bad')).toMatchObject({ runs: 1, failures: 1, lastOutcome: 'failed' });
    expect((await read('bad')).lastDetail).not.toContain('secret');
    await makeDue('bad');
    expect(await occur()({ name: 'bad', everySeconds: DAY, run: async () => 'good' }, 0)).toBe(true);
    expect(await read('bad')).toMatchObject({
      runs: 2,
      failures: 1,
      lastOutcome: 'done',
      lastDetail: 'good',
    });
  });

  test('whose worker died is done again once its lease is over, and not before', async () => {
    const { work } = counting('dead', DAY);
    await recurringTasks(store.db).register('dead', DAY);
    const holder = '018d0cab-c440-8543-ab49-09fb514dbccd';
    expect(await recurringTasks(store.db).claim('dead', holder, 0)).toBe(true);
    expect(await occur()(work, 0)).toBe(false);
    expect(await read('dead')).toMatchObject({ isRunning: true });
    await store.db.$executeRaw`UPDATE recurring_tasks SET lease_until = now() - interval '1 second'`;
    expect(await occur()(work, 0)).toBe(true);
    expect(await read('dead')).toMatchObject({ runs: 2, lastOutcome: 'done' });
  });
});

describe.each(testQueueStores())('work with its scheduler on $kind', ({ open }) => {
  async function keep(works: RecurringTaskDefinition[], watchEvery: number) {
    const queues = await connectQueues(open(store.url), () => undefined);
    const stop = startRecurringTasks({
      db: store.db,
      queues,
      log,
      tasks: works,
      watchdogIntervalMs: watchEvery,
    });
    onTestFinished(async () => {
      await stop();
      await queues.close(1_000);
    });
  }

  test('is done once for each time it is due, by two workers together', async () => {
    const [first, second] = [counting('often', 1), counting('often', 1)];
    const began = Date.now();
    await keep([first.work], 60_000);
    await keep([second.work], 60_000);
    const runs = () => first.runs() + second.runs();
    await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    expect(runs()).toBeLessThanOrEqual((Date.now() - began) / 1_000 + 2);
    expect((await read('often')).runs).toBeGreaterThanOrEqual(4);
  });

  test('that is overdue is done by the watchdog, whatever became of its scheduler', async () => {
    const { work, runs } = counting('rare', DAY);
    await keep([work], 100);
    await expect.poll(runs, { timeout: 20_000 }).toBe(1);
    await makeDue('rare');
    await expect.poll(runs, { timeout: 20_000 }).toBe(2);
  });
});

test('a queue that is out of reach does not keep work from being done', async () => {
  const { work, runs } = counting('alone', DAY);
  const queues = await connectQueues({ kind: 'redis', url: 'redis://127.0.0.1:1' }, () => undefined);
  const stop = startRecurringTasks({ db: store.db, queues, log, tasks: [work], watchdogIntervalMs: 100 });
  onTestFinished(async () => {
    await stop();
    await queues.close(0);
  });
  await vi.waitFor(() => recurringTasks(store.db).list(), 5_000);
  await expect.poll(async () => (await recurringTasks(store.db).list()).length, { timeout: 10_000 }).toBe(1);
  await makeDue('alone');
  await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
});
