import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import type { Queues } from '@oriontel/queues';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cdrTasks } from './cdr-task.repository.ts';
import { serveTasks } from './serve-tasks.ts';
import { insertTask } from './testing/insert-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

test('serveTasks runs a task of every type when a queue job wakes it, and logs a failing queue', async () => {
  const log = createLogger('test', 'silent');
  const warn = vi.spyOn(log, 'warn');
  const closed: string[] = [];
  let wake = async (): Promise<void> => undefined;
  let fail = (_error: Error): void => undefined;
  const consumer = ((queue, handler, { onFailure }) => {
    wake = () => handler({ taskId: 'any' } as never, {} as never);
    fail = (error) => onFailure(error, {} as never);
    return { isRunning: () => true, close: async () => void closed.push(queue.name) };
  }) as Queues['consumer'];
  const runner = serveTasks({
    db: store.db,
    queues: { consumer },
    log,
    drain: async () => undefined,
    redriveDeadLetters: () => async () => 0,
    pace: { idle: 0, busy: 0 },
    regionsOf: async () => new Map(),
    registerEntities: async () => undefined,
  });
  await insertTask(store.db, { taskType: 'process', position: { phase: 'intake' } });
  await insertTask(store.db, { taskType: 'reprocess', position: { phase: 'legs' } });
  await insertTask(store.db, { taskType: 'cleanup', position: { phase: 'legs' } });
  await wake();
  await expect.poll(() => cdrTasks(store.db).countOpen(), { timeout: 10_000 }).toBe(0);
  const { items } = await cdrTasks(store.db).list(null, { state: 'done' }, { limit: 10, offset: 0 });
  expect(items.map(({ taskType }) => taskType).sort()).toEqual(['cleanup', 'process', 'reprocess']);
  fail(new Error('queue unavailable'));
  expect(warn).toHaveBeenCalledOnce();
  await runner.stop();
  expect(closed).toEqual(['munch']);
});
