import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createTestApi } from '@oriontel/service/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recurringRoutes } from './http.ts';
import { recurringTasks } from './recurring-task.repository.ts';

let store: TestDatabase;
let api: Awaited<ReturnType<typeof createTestApi>>;
beforeAll(async () => {
  store = await createTestDatabase();
  api = await createTestApi((app) => app.register(recurringRoutes, { db: store.db }));
});
afterAll(async () => {
  await api.app.close();
  await store.drop();
});

test('GET /tasks lists recurring tasks with the outcome of their last run', async () => {
  const tasks = recurringTasks(store.db);
  const holder = '018d0cab-c440-8543-ab49-09fb514dbccd';
  for (const name of ['done', 'failed', 'new', 'running']) await tasks.register(name, 60);
  for (const name of ['done', 'failed', 'running']) await tasks.claim(name, holder, 0);
  await tasks.finish('done', holder, 'done', '3 partitions created');
  await tasks.finish('failed', holder, 'failed', 'Failed; see the worker log.');

  const { status, json } = await api.call<{ data: object[] }>('/tasks', { as: api.admin });
  expect(status).toBe(200);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  const common = { every_seconds: 60, next_run_at: time, runs: 1, failures: 0 };
  expect(json.data).toMatchObject([
    { name: 'done', state: 'waiting', ...common, last_outcome: 'done', last_detail: '3 partitions created' },
    { name: 'failed', state: 'waiting', ...common, last_outcome: 'failed', failures: 1 },
    { name: 'new', state: 'waiting', ...common, runs: 0, last_started_at: null, last_outcome: null },
    { name: 'running', state: 'running', ...common, last_started_at: time, last_finished_at: null },
  ]);
});

test('GET /tasks requires the role admin', async () => {
  expect((await api.call('/tasks')).status).toBe(401);
  expect((await api.call('/tasks', { as: api.ours.manager })).status).toBe(403);
});
