import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createLogger } from '@oriontel/service';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { callRecords } from '../calls/call-record.repository.ts';
import { readSubmission } from '../parse/read-submission.ts';
import { buildRecord } from '../fixtures/build-record.ts';
import { cleanupChunk } from './cleanup-chunk.ts';
import { cdrTasks } from './cdr-task.repository.ts';
import { queueRetentionCleanups, type Retention } from './queue-retention-cleanups.ts';
import { runTask } from './run-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE cdrs, munch_tasks`);

const NOW = new Date('2024-06-15T12:00:00Z');

async function storeCalls(orgId: number, days: string[]): Promise<void> {
  const records = days.map((day) => {
    const start_time = `${day}T10:00:00Z`;
    return buildRecord({
      call_id: `${orgId} ${day}`,
      start_time,
      end_time: `${day}T10:01:00Z`,
      duration: 60,
    });
  });
  const payload = { format: 'platform' as const, batchId: 'b', source: 's', sgapiReference: 'r', records };
  const legs = readSubmission({ orgId, payload }, 'US').flatMap((record) => (record.ok ? [record.leg] : []));
  expect(await callRecords(store.db).insert(legs)).toHaveProperty('size', days.length);
}
async function remainingCallIds() {
  return (await store.db.cdr.findMany({ select: { callId: true } })).map(({ callId }) => callId).sort();
}

const retain = (retentions: Retention[]) => queueRetentionCleanups(store.db, async () => retentions)(NOW);

/** Runs all queued tasks. */
async function runTasks(): Promise<void> {
  const runChunk = cleanupChunk(store.db);
  const run = runTask({
    db: store.db,
    log: createLogger('test', 'silent'),
    rest: async () => undefined,
    runChunk: { process: runChunk, reprocess: runChunk, cleanup: runChunk },
  });
  const holder = '018d0cab-c440-8543-ab49-09fb514dbccd';
  for (let task = await cdrTasks(store.db).claim(holder); task; task = await cdrTasks(store.db).claim(holder))
    await run(task, holder, new AbortController().signal);
}
async function scopes() {
  return (await cdrTasks(store.db).list(null, {}, { limit: 10, offset: 0 })).items
    .map(({ orgId, range }) => `${orgId} ${range.before?.toISOString().slice(0, 10)}`)
    .sort();
}

test('queueRetentionCleanups applies the retention of each organization in whole days, or none', async () => {
  for (const org of [1, 2, 3])
    await storeCalls(org, ['2024-01-01', '2024-06-04', '2024-06-05', '2024-06-14']);
  const kept = ['2024-01-01', '2024-06-04', '2024-06-05', '2024-06-14'].map((day) => `3 ${day}`);
  expect(
    await retain([
      { orgId: 1, days: 10 },
      { orgId: 2, days: 100 },
      { orgId: 3, days: null },
    ]),
  ).toBe('2 cleanup tasks queued');
  expect(await scopes()).toEqual(['1 2024-06-05', '2 2024-03-07']);
  await runTasks();
  expect(await remainingCallIds()).toEqual([
    '1 2024-06-05',
    '1 2024-06-14',
    '2 2024-06-04',
    '2 2024-06-05',
    '2 2024-06-14',
    ...kept,
  ]);
});

test('queueRetentionCleanups queues one task for all organizations first if each has a limit', async () => {
  const retentions = [
    { orgId: 1, days: 10 },
    { orgId: 2, days: 100 },
  ];
  for (const org of [1, 2]) await storeCalls(org, ['2024-01-01', '2024-06-04', '2024-06-14']);
  expect(await retain(retentions)).toBe('1 cleanup tasks queued');
  expect(await scopes()).toEqual(['null 2024-03-07']);
  // A second run conflicts with the queued task.
  expect(await retain(retentions)).toBe('0 cleanup tasks queued');
  await runTasks();
  expect(await remainingCallIds()).toEqual(['1 2024-06-04', '1 2024-06-14', '2 2024-06-04', '2 2024-06-14']);
  expect(await retain(retentions)).toBe('1 cleanup tasks queued');
  await runTasks();
  expect(await remainingCallIds()).toEqual(['1 2024-06-14', '2 2024-06-04', '2 2024-06-14']);
  expect(await retain(retentions)).toBe('0 cleanup tasks queued');
});
