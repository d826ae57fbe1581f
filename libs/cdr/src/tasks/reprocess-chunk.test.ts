import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
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
