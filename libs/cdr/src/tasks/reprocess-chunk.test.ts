import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { buildRecord } from '../testing.ts';
import { TaskLost, type RunChunk } from './chunk.ts';
import { reprocessChunk } from './reprocess-chunk.ts';
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

describe('a reprocess task', () => {
  test('normalizes the raw records again in place and counts the changed ones', async () => {
    const { ours, db } = tasks;
    await tasks.storeCalls([
      buildRecord({ call_id: 'national', caller: '030 123456', ...startingAt('2024-01-15T10:30:00Z') }),
      buildRecord({ call_id: 'other-day', caller: '030 123456', ...startingAt('2024-01-16T10:30:00Z') }),
      buildRecord({ call_id: 'e164', ...startingAt('2024-01-15T10:30:01Z') }),
      buildRecord({ call_id: 'unreadable', ...startingAt('2024-01-15T10:30:02Z') }),
    ]);
    await tasks.storeCalls([buildRecord({ call_id: 'theirs', caller: '030 123456' })], tasks.theirs.byKey);
    await db.$executeRaw`UPDATE cdrs SET raw = '{"call_id":"unreadable"}' WHERE call_id = 'unreadable'`;
    await db.$executeRaw`
      UPDATE cdrs
      SET disposition = 'FAILED', billsec = 0, trunk_id = 'gone'
      WHERE call_id = 'e164'`;
    const before = await db.cdr.findMany({
      select: { id: true, callId: true, storedAt: true },
      orderBy: { callId: 'asc' },
    });
    tasks.regions.set(ours.orgId, 'DE');
    onTestFinished(() => void tasks.regions.clear());
    tasks.startRunner();
    const body = { task_type: 'reprocess', date_range: { start: '2024-01-15', end: '2024-01-15' } };
    expect(await tasks.completeTask(body)).toEqual({ processed: 3, changed: 2, failed: 1 });
    const after = await db.cdr.findMany({ orderBy: { callId: 'asc' } });
    expect(after.map(({ id, callId, storedAt }) => ({ id, callId, storedAt }))).toEqual(before);
    const byCallId = Object.fromEntries(after.map((row) => [row.callId, row]));
    expect(byCallId['national']).toMatchObject({ caller: '+4930123456', callerRaw: '030 123456' });
    expect(byCallId['e164']).toMatchObject({ disposition: 'ANSWERED', billsec: 60, trunkId: 'trunk_001' });
    expect(byCallId['other-day']!.caller).not.toBe('+4930123456');
    expect(byCallId['theirs']!.caller).not.toBe('+4930123456');
    expect(await tasks.completeTask(body)).toEqual({ processed: 3, unchanged: 2, failed: 1 });
  });

  test('keeps the link set by another leg and corrects the summary', async () => {
    const { db } = tasks;
    await tasks.storeCalls([
      buildRecord({ call_id: 'leg-a', ...startingAt('2024-01-15T10:30:00Z') }),
      buildRecord({
        call_id: 'leg-b',
        linked_call_id: 'leg-a',
        leg: 'b',
        ...startingAt('2024-01-15T10:30:01Z'),
      }),
    ]);
    // Simulates legs that older rules stored and counted.
    await db.$executeRaw`UPDATE cdrs SET disposition = 'BUSY', billsec = 1`;
    await db.$executeRaw`UPDATE cdr_summary_deltas SET disposition = 'BUSY', billsec = calls`;
    await tasks.expectSummaryToMatch();
    tasks.startRunner();
    expect(await tasks.completeTask({ task_type: 'reprocess' })).toEqual({ processed: 2, changed: 2 });
    await tasks.expectSummaryToMatch();
    const links = await db.cdr.findMany({
      select: { callId: true, linkedCallId: true },
      orderBy: { callId: 'asc' },
    });
    expect(links).toEqual([
      { callId: 'leg-a', linkedCallId: 'leg-b' },
      { callId: 'leg-b', linkedCallId: 'leg-a' },
    ]);
  });

  test('continues beyond one chunk', async () => {
    await tasks.storeCalls(
      Array.from({ length: 2_345 }, (_, i) =>
        buildRecord(startingAt(new Date(1_705_314_600_000 + i).toISOString())),
      ),
    );
    tasks.startRunner();
    expect(await tasks.completeTask({ task_type: 'reprocess' })).toEqual({
      processed: 2_345,
      unchanged: 2_345,
    });
  });
});

describe('reprocessChunk', () => {
  const runChunk: RunChunk = (...args) => reprocessChunk(tasks.db, tasks.legDependencies)(...args);

  async function storeOutdatedCall(): Promise<void> {
    await tasks.storeCalls([buildRecord({ call_id: 'outdated' })]);
    await tasks.db.$executeRaw`UPDATE cdrs SET disposition = 'BUSY', billsec = 1`;
    await tasks.db.$executeRaw`UPDATE cdr_summary_deltas SET disposition = 'BUSY', billsec = calls`;
  }
  async function dispositions() {
    return (await tasks.db.cdr.findMany()).map(({ disposition }) => disposition);
  }

  test('changes nothing if the task was taken over meanwhile', async () => {
    await storeOutdatedCall();
    await insertTask(tasks.db, { orgId: null });
    const dead = await claimTask(tasks.db);
    await expireLeases(tasks.db);
    const successor = await claimTask(tasks.db);
    await expect(runChunkOf(dead, runChunk)).rejects.toThrow(TaskLost);
    expect(await dispositions()).toEqual(['BUSY']);
    await tasks.expectSummaryToMatch();
    expect((await runChunkOf(successor, runChunk)).counts).toMatchObject({
      processed: 1,
      changed: 1,
    });
    expect(await dispositions()).toEqual(['ANSWERED']);
    await tasks.expectSummaryToMatch();
  });

  test('running a chunk twice changes a call once', async () => {
    await storeOutdatedCall();
    await insertTask(tasks.db, { orgId: null });
    const claimed = await claimTask(tasks.db);
    expect((await runChunkOf(claimed, runChunk)).counts).toMatchObject({
      changed: 1,
      unchanged: 0,
    });
    expect((await runChunkOf(claimed, runChunk)).counts).toMatchObject({
      changed: 0,
      unchanged: 1,
    });
    expect(await dispositions()).toEqual(['ANSWERED']);
    await tasks.expectSummaryToMatch();
  });

  test('a call deleted before the update stays deleted', async () => {
    await storeOutdatedCall();
    await insertTask(tasks.db, { orgId: null });
    const claimed = await claimTask(tasks.db);
    const { regionsOf, registerEntities } = tasks.legDependencies;
    const { counts } = await runChunkOf(
      claimed,
      reprocessChunk(tasks.db, {
        // Called between reading the legs and updating them.
        async regionsOf(orgIds) {
          await tasks.db.$executeRaw`TRUNCATE cdrs, cdr_summary_deltas`;
          return regionsOf(orgIds);
        },
        registerEntities,
      }),
    );
    expect(counts).toMatchObject({ processed: 0, changed: 0 });
    expect(await tasks.callIds()).toEqual([]);
    await tasks.expectSummaryToMatch();
  });
});
