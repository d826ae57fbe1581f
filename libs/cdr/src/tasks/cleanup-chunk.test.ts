import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildRecord } from '../testing.ts';
import { createTestTasks, startingAt, type TestTasks } from './testing/test-tasks.ts';

let tasks: TestTasks;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  tasks = await createTestTasks();
  stopWorker = tasks.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await tasks.close();
});
beforeEach(() => tasks.empty());

describe('a cleanup task', () => {
  async function partitionName(): Promise<string | null> {
    const [row] = await tasks.db.$queryRaw<[{ name: string | null }]>`
      SELECT to_regclass('cdrs_2019_05')::text AS name`;
    return row.name;
  }
  const createPartition = () => tasks.db.$executeRaw`SELECT make_month_partition('cdrs', '2019-05-10')`;

  test('deletes the calls and quarantined records of the range, of its organization only', async () => {
    const invalid = { end_time: '2020-01-01T00:00:00Z' };
    await tasks.storeCalls([
      buildRecord({ call_id: 'before', ...startingAt('2024-01-14T23:59:59.999Z') }),
      buildRecord({ call_id: 'first', ...startingAt('2024-01-15T00:00:00Z') }),
      buildRecord({ call_id: 'last', ...startingAt('2024-01-15T23:59:59.999Z') }),
      buildRecord({ call_id: 'after', ...startingAt('2024-01-16T00:00:00Z') }),
      buildRecord({ call_id: 'bad', ...invalid }),
      buildRecord({ call_id: 'bad and old', ...invalid }),
    ]);
    await tasks.storeCalls(
      [buildRecord({ call_id: 'theirs', ...startingAt('2024-01-15T12:00:00Z') })],
      tasks.theirs.byKey,
    );
    await tasks.db.$executeRaw`
      UPDATE quarantine
      SET accepted_at = '2024-01-15T12:00:00Z'
      WHERE payload::text LIKE '%bad and old%'`;
    tasks.startRunner();
    const body = { task_type: 'cleanup', date_range: { start: '2024-01-15', end: '2024-01-15' } };
    const { task_id, estimated_records } = await tasks.putTask(body);
    expect(estimated_records).toBe(3);
    expect((await tasks.waitForTask(task_id)).counts).toMatchObject({
      processed: 3,
      deleted: 2,
      written_off: 1,
    });
    expect(await tasks.callIds()).toEqual(['after', 'before', 'theirs']);
    expect(await tasks.db.quarantineItem.count()).toBe(1);
    await tasks.expectSummaryToMatch();
    expect(await tasks.completeTask(body)).toEqual({});
  });

  test('drops the partition of a month inside the range if it covers all calls of the month', async () => {
    await createPartition();
    await tasks.storeCalls([buildRecord({ call_id: 'ours', ...startingAt('2019-05-15T10:00:00Z') })]);
    await tasks.storeCalls(
      [buildRecord({ call_id: 'theirs', ...startingAt('2019-05-15T11:00:00Z') })],
      tasks.theirs.byKey,
    );
    tasks.startRunner();
    const body = { task_type: 'cleanup', date_range: { end: '2019-06-30' } };
    expect(await tasks.completeTask(body)).toEqual({ processed: 1, deleted: 1 });
    expect(await partitionName()).toBe('cdrs_2019_05');
    expect(await tasks.callIds()).toEqual(['theirs']);
    expect(await tasks.completeTask(body, tasks.theirs.manager)).toEqual({ processed: 1, deleted: 1 });
    expect(await partitionName()).toBeNull();
    await createPartition();
    await tasks.storeCalls([buildRecord({ call_id: 'ours', ...startingAt('2019-05-16T10:00:00Z') })]);
    await tasks.storeCalls(
      [buildRecord({ call_id: 'theirs', ...startingAt('2019-05-16T11:00:00Z') })],
      tasks.theirs.byKey,
    );
    expect(
      await tasks.completeTask(
        { ...body, date_range: { start: '2019-05-02', end: '2019-06-30' } },
        tasks.admin,
      ),
    ).toEqual({
      processed: 2,
      deleted: 2,
    });
    expect(await partitionName()).toBe('cdrs_2019_05');
    await tasks.storeCalls([buildRecord({ call_id: 'ours', ...startingAt('2019-05-17T10:00:00Z') })]);
    expect(await tasks.completeTask(body, tasks.admin)).toEqual({ processed: 1, deleted: 1 });
    expect(await partitionName()).toBeNull();
    await tasks.expectSummaryToMatch();
  });

  test('deletes row by row when a reader locks the partition', async () => {
    await createPartition();
    await tasks.storeCalls([buildRecord({ call_id: 'ours', ...startingAt('2019-05-15T10:00:00Z') })]);
    tasks.startRunner();
    const deleted = tasks.db.$transaction(
      async (tx) => {
        await tx.$executeRaw`LOCK TABLE cdrs_2019_05 IN ACCESS SHARE MODE`;
        return tasks.completeTask({ task_type: 'cleanup', date_range: { end: '2019-06-30' } });
      },
      { timeout: 20_000 },
    );
    expect(await deleted).toEqual({ processed: 1, deleted: 1 });
    expect(await partitionName()).toBe('cdrs_2019_05');
  });
});
