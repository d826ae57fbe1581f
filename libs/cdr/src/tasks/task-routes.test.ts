import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CdrTask } from './cdr-task.ts';
import { createTestTasks, type TestTasks } from '../testing/test-tasks.ts';

let tasks: TestTasks;
beforeAll(async () => {
  tasks = await createTestTasks();
});
afterAll(() => tasks.close());
beforeEach(() => tasks.empty());

describe('PUT and POST /cdrmunch/task', () => {
  test('respond as documented, with a unique id', async () => {
    const first = await tasks.putTask({
      task_type: 'process',
      date_range: { end: '2024-01-15' },
      priority: 'high',
      surprise: 1,
    });
    expect(first).toEqual({
      status: 'success',
      task_id: expect.stringMatching(/^cdrmunch-task-\d{8}-\d{25}$/) as string,
      task_type: 'process',
      queued_at: expect.stringMatching(/Z$/) as string,
      estimated_records: 0,
      priority: 'high',
    });
    const second = await tasks.putTask({ task_type: 'process', date_range: { start: '2024-01-16' } });
    expect(second.priority).toBe('normal');
    expect(second.task_id).not.toBe(first.task_id);
  });

  test('cover all organizations for an admin without org_id, and the own one for a manager', async () => {
    const all = await tasks.putTask({ task_type: 'process', date_range: { end: '2024-01-01' } }, tasks.admin);
    const own = await tasks.putTask({ task_type: 'process', date_range: { start: '2024-01-02' } });
    const one = await tasks.putTask({ task_type: 'reprocess', org_id: tasks.theirs.orgId }, tasks.admin);
    const orgs = await Promise.all(
      [all, own, one].map(async ({ task_id }) => (await tasks.readTask(task_id)).org_id),
    );
    expect(orgs).toEqual([null, tasks.ours.orgId, tasks.theirs.orgId]);
    expect(
      (await tasks.requestTask('PUT', { task_type: 'process', org_id: 2_147_483_647 }, tasks.admin)).status,
    ).toBe(404);
    const listed = await tasks.call<{ data: CdrTask[] }>('/cdrmunch/task', { as: tasks.ours.manager });
    expect(listed.json.data.map(({ task_id }) => task_id)).toEqual([own.task_id]);
    for (const hidden of [all, one]) expect((await tasks.cancelTask(hidden.task_id)).status).toBe(404);
  });

  test.each([
    ['the same range', {}, {}, 409],
    ['a range that overlaps by a millisecond', { start: '2024-01-15T23:59:59.999Z' }, {}, 409],
    ['no range', null, {}, 409],
    ['the day after', { start: '2024-01-16', end: '2024-01-16' }, {}, 200],
    ['the day before', { end: '2024-01-14' }, {}, 200],
    ['another type', {}, { task_type: 'reprocess' }, 200],
  ])('while a task of one day is queued: %s', async (_description, range, more, status) => {
    const day = { start: '2024-01-15', end: '2024-01-15' };
    await tasks.putTask({ task_type: 'process', date_range: day });
    const date_range = range && { ...(Object.keys(range).length ? {} : day), ...range };
    const response = await tasks.requestTask('PUT', { task_type: 'process', date_range, ...more });
    expect(response.status).toBe(status);
    if (status === 409)
      expect(response.body).toMatch(/<code>409<\/code>\s*<message>Conflicting task already running/);
  });

  test('a task of all organizations conflicts with everyone, another one with its organization', async () => {
    await tasks.putTask({ task_type: 'process' });
    expect((await tasks.requestTask('PUT', { task_type: 'process' }, tasks.theirs.manager)).status).toBe(200);
    expect((await tasks.requestTask('PUT', { task_type: 'process' }, tasks.admin)).status).toBe(409);
    await tasks.db.$executeRaw`TRUNCATE munch_tasks`;
    await tasks.putTask({ task_type: 'process' }, tasks.admin);
    expect((await tasks.requestTask('PUT', { task_type: 'process' })).status).toBe(409);
  });

  test('of concurrent overlapping requests exactly one is queued', async () => {
    const hours = Array.from(
      { length: 12 },
      (_, hour) => `2024-01-15T${String(hour).padStart(2, '0')}:00:00Z`,
    );
    const responses = await Promise.all(
      hours.map((start) =>
        tasks.requestTask('PUT', {
          task_type: 'cleanup',
          date_range: { start, end: '2024-01-15T12:00:00Z' },
        }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(11).fill(409)]);
    expect(await tasks.db.munchTask.count()).toBe(1);
  });

  test('POST changes the priority of the equal queued task, or queues a new one', async () => {
    const body = { task_type: 'reprocess', date_range: { start: '2024-01-15' } };
    const created = (await tasks.requestTask('POST', body)).json;
    const changed = (await tasks.requestTask('POST', { ...body, priority: 'high' })).json;
    expect(changed).toEqual({ ...created, priority: 'high' });
    expect((await tasks.requestTask('POST', body)).json.priority).toBe('high');
    expect((await tasks.requestTask('POST', { ...body, date_range: { start: '2024-01-14' } })).status).toBe(
      409,
    );
    expect((await tasks.requestTask('PUT', body)).status).toBe(409);
    await tasks.db.$executeRaw`UPDATE munch_tasks SET state = 'running', lease_until = 'infinity'`;
    expect((await tasks.requestTask('POST', body)).status).toBe(409);
    expect(await tasks.db.munchTask.count()).toBe(1);
  });

  test('errors are XML, as the platform document requires', async () => {
    const response = await tasks.requestTask('PUT', { task_type: 'cleanup', date_range: {} });
    expect([response.status, response.headers['content-type']]).toEqual([
      400,
      expect.stringContaining('application/xml'),
    ]);
    expect(response.body).toContain('date_range.end');
  });
});

describe('DELETE /cdrmunch/task/:id', () => {
  test('is idempotent, frees the range for another task, and is 409 once the task is done', async () => {
    const body = { task_type: 'process' };
    const { task_id } = await tasks.putTask(body);
    expect((await tasks.cancelTask(task_id, tasks.theirs.manager)).status).toBe(404);
    expect((await tasks.cancelTask(task_id)).status).toBe(204);
    expect((await tasks.cancelTask(task_id)).status).toBe(204);
    expect((await tasks.readTask(task_id)).state).toBe('cancelled');
    const next = await tasks.putTask(body);
    tasks.startRunner();
    await tasks.waitForTask(next.task_id);
    expect((await tasks.cancelTask(next.task_id)).status).toBe(409);
    expect((await tasks.readTask(task_id)).state).toBe('cancelled');
  });
});

test('queued tasks run by priority, then oldest first', async () => {
  const ids: string[] = [];
  for (const [day, priority] of Object.entries({ '01': 'low', '02': 'normal', '03': 'high', '04': 'high' })) {
    const date = `2024-01-${day}`;
    ids.push(
      (await tasks.putTask({ task_type: 'reprocess', date_range: { start: date, end: date }, priority }))
        .task_id,
    );
  }
  tasks.startRunner();
  for (const id of ids) await tasks.waitForTask(id);
  const order = await tasks.db.munchTask.findMany({ orderBy: { startedAt: 'asc' }, select: { id: true } });
  expect(order.map(({ id }) => id)).toEqual([ids[2], ids[3], ids[1], ids[0]]);
});
