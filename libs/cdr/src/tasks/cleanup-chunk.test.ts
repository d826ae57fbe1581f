import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildRecord } from '../testing.ts';
import { TaskLost, type RunChunk } from './chunk.ts';
import { cleanupChunk } from './cleanup-chunk.ts';
import { claimTask, expireLeases, insertTask, runChunkOf } from './testing/insert-task.ts';
import { createTestTasks, startingAt, type TestTasks } from '../testing/test-tasks.ts';

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

describe('cleanupChunk', () => {
  const range = { from: null, before: new Date('2024-02-01T00:00:00Z') };
  const runChunk: RunChunk = (...args) => cleanupChunk(tasks.db)(...args);

  async function storeCallsAndQuarantine(): Promise<void> {
    await tasks.db.$executeRaw`SELECT make_month_partition('cdrs', '2019-05-10')`;
    await tasks.storeCalls([
      buildRecord({ call_id: 'may 2019', ...startingAt('2019-05-15T10:00:00Z') }),
      buildRecord({ call_id: 'january 2024', ...startingAt('2024-01-15T10:00:00Z') }),
      buildRecord({ call_id: 'invalid', end_time: '2020-01-01T00:00:00Z' }),
    ]);
    await tasks.db.$executeRaw`UPDATE quarantine SET accepted_at = '2024-01-15T12:00:00Z'`;
  }

  test.each(['months', 'legs', 'quarantine'])(
    'deletes nothing in the phase %s if the task was taken over meanwhile',
    async (phase) => {
      await storeCallsAndQuarantine();
      await insertTask(tasks.db, { taskType: 'cleanup', orgId: null, range, position: { phase } });
      const dead = await claimTask(tasks.db);
      await expireLeases(tasks.db);
      const successor = await claimTask(tasks.db);
      await expect(runChunkOf(dead, runChunk)).rejects.toThrow(TaskLost);
      expect(await tasks.callIds()).toEqual(['january 2024', 'may 2019']);
      expect(await tasks.db.quarantineItem.count()).toBe(1);
      await tasks.expectSummaryToMatch();
      const { counts } = await runChunkOf(successor, runChunk);
      expect(counts.processed).toBeGreaterThan(0);
      await tasks.expectSummaryToMatch();
    },
  );

  test.each([
    ['months', { processed: 1, deleted: 1 }],
    ['legs', { processed: 2, deleted: 2 }],
    ['quarantine', { processed: 1, written_off: 1 }],
  ])('running a chunk of the phase %s twice deletes and counts once', async (phase, counts) => {
    await storeCallsAndQuarantine();
    await insertTask(tasks.db, { taskType: 'cleanup', orgId: null, range, position: { phase } });
    const claimed = await claimTask(tasks.db);
    expect((await runChunkOf(claimed, runChunk)).counts).toMatchObject(counts);
    const remaining = await tasks.callIds();
    expect((await runChunkOf(claimed, runChunk)).counts.processed).toBe(0);
    expect(await tasks.callIds()).toEqual(remaining);
    await tasks.expectSummaryToMatch();
  });
});
