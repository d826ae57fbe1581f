import { buildBatch } from '@oriontel/cdr/testing';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signUpAdmin, type ApiClient } from './api-client.ts';

const BATCHES = 30;
const RECORDS = 1_000;
const ALL = BATCHES * RECORDS;

interface Task {
  state: string;
  counts: Record<string, number>;
}

// The queue only wakes workers, so one queue backend is enough.
describe('a worker killed in the middle of a task', () => {
  let database: TestDatabase;
  let stack: AppStack;
  let admin: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    // Slow enough for the test to kill the worker at the intended point.
    const pauses = { MUNCH_REST_IDLE: '1', MUNCH_REST_BUSY: '1' };
    const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', RATE_LIMITS: 'off', ...pauses };
    stack = await startAppStack({ databaseUrl: database.url, redisUrl: null, env });
    admin = await signUpAdmin(stack.baseUrl);
    for (let i = 0; i < BATCHES; i += 1) {
      const batch = buildBatch(RECORDS);
      // As older rules stored them: a reprocess changes every second record.
      batch.records.forEach((record, index) => {
        record.caller = index % 2 ? '(415) 555-1234' : '+14155551234';
      });
      await admin.send('/cdr/munch', { method: 'POST', body: JSON.stringify(batch) });
    }
    const { db } = database;
    await vi.waitFor(async () => expect(await db.cdr.count()).toBe(ALL), { timeout: 60_000, interval: 200 });
    await db.$executeRaw`UPDATE cdrs SET caller = caller_raw`;
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    await database?.drop();
  }, 30_000);

  async function readTask(id: string): Promise<Task> {
    return ((await admin.send(`/cdrmunch/task/${id}`)) as unknown as { data: Task }).data;
  }

  async function killWorker(): Promise<void> {
    const pid = stack.pids()['worker']!;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(stack.pids()['worker']).not.toBe(pid), { timeout: 10_000, interval: 10 });
  }

  /** Runs a task and kills its worker at a third and at two thirds. Returns the counts that are not 0. */
  async function runWithKills(body: object): Promise<Record<string, number>> {
    const { task_id: id } = (await admin.send('/cdrmunch/task', {
      method: 'PUT',
      body: JSON.stringify(body),
    })) as { task_id: string };
    const seen: number[] = [];
    for (const part of [ALL / 3, (2 * ALL) / 3]) {
      await vi.waitFor(
        async () => expect((await readTask(id)).counts['processed']).toBeGreaterThanOrEqual(part),
        { timeout: 60_000, interval: 5 },
      );
      await killWorker();
      const { state, counts } = await readTask(id);
      seen.push(counts['processed']!);
      // Killed while running, not after the end.
      expect(state).toBe('running');
    }
    expect(Math.max(...seen)).toBeLessThan(ALL);
    await vi.waitFor(async () => expect((await readTask(id)).state).toBe('done'), {
      timeout: 90_000,
      interval: 200,
    });
    const { counts } = await readTask(id);
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  it('completes a reprocess with exact counts and each call stored once', async () => {
    expect(await runWithKills({ task_type: 'reprocess' })).toEqual({
      processed: ALL,
      changed: ALL / 2,
      unchanged: ALL / 2,
    });
    const [row] = await database.db.$queryRaw<[{ legs: bigint; right: bigint }]>`
      SELECT count(DISTINCT call_id) AS legs, count(*) FILTER (WHERE caller = '+14155551234') AS right
      FROM cdrs`;
    expect([Number(row.legs), Number(row.right)]).toEqual([ALL, ALL]);
  }, 180_000);

  it('completes a cleanup that deletes each call once and empties the summary', async () => {
    const body = { task_type: 'cleanup', date_range: { end: '2024-12-31' } };
    expect(await runWithKills(body)).toEqual({ processed: ALL, deleted: ALL });
    expect(await database.db.cdr.count()).toBe(0);
    const [row] = await database.db.$queryRaw<[{ calls: bigint }]>`
      SELECT (SELECT coalesce(sum(calls), 0) FROM cdr_summary)
        + (SELECT coalesce(sum(calls), 0) FROM cdr_summary_deltas) AS calls`;
    expect(Number(row.calls)).toBe(0);
  }, 180_000);
});
