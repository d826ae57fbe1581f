import { expect, onTestFinished, vi } from 'vitest';
import { createTestCdr } from '../testing.ts';
import type { CdrTask, TaskResponse } from '../tasks/cdr-task.ts';

const TASK_TIMEOUT_MS = 20_000;
const STORE_TIMEOUT_MS = 10_000;

/** A test CDR API with helpers that request tasks over HTTP and wait for them. */
export async function createTestTasks() {
  const cdr = await createTestCdr();
  const { db } = cdr;

  /** Deletes all tasks, calls and pending batches; call it before each test. */
  async function empty(): Promise<void> {
    await db.$executeRaw`TRUNCATE munch_tasks, cdrs, cdr_summary, cdr_summary_deltas, quarantine, intake`;
  }

  function requestTask(method: 'PUT' | 'POST', body: object, as = cdr.ours.manager) {
    return cdr.call<TaskResponse>('/cdrmunch/task', { method, as, body });
  }
  async function putTask(body: object, as?: string): Promise<TaskResponse> {
    const { status, json, body: text } = await requestTask('PUT', body, as);
    expect([status, text]).toEqual([200, expect.anything()]);
    return json;
  }
  async function readTask(id: string, as = cdr.admin): Promise<CdrTask> {
    return (await cdr.call<{ data: CdrTask }>(`/cdrmunch/task/${id}`, { as })).json.data;
  }
  function cancelTask(id: string, as = cdr.ours.manager) {
    return cdr.call(`/cdrmunch/task/${id}`, { method: 'DELETE', as });
  }
  /** Runs queued tasks until the test ends. */
  function startRunner(): void {
    onTestFinished(cdr.startTaskRunner());
  }
  /** Waits until the task is done, failed or cancelled. */
  async function waitForTask(id: string): Promise<CdrTask> {
    await vi.waitFor(
      async () => expect((await readTask(id)).state).not.toMatch(/queued|running/),
      TASK_TIMEOUT_MS,
    );
    return readTask(id);
  }
  /** Requests a task, expects it to succeed and returns its counts above 0. */
  async function completeTask(body: object, as?: string): Promise<Record<string, number>> {
    const { task_id } = await putTask(body, as);
    const { state, counts, progress, error } = await waitForTask(task_id);
    expect({ state, progress, error }).toEqual({ state: 'done', progress: 100, error: null });
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Sends a partial batch; it stays in the intake without a worker. */
  async function sendBatch(records: object[], as = cdr.ours.byKey): Promise<void> {
    const body = { source: 'node', records, partial: true };
    expect((await cdr.call('/cdr/batch', { as, body })).status).toBe(200);
  }
  /** Sends a partial batch and waits until a worker has stored it. */
  async function storeCalls(records: object[], as?: string): Promise<void> {
    await sendBatch(records, as);
    await vi.waitFor(async () => expect(await db.intakeRow.count()).toBe(0), STORE_TIMEOUT_MS);
  }
  /** The call ids of all organizations, sorted. */
  async function callIds(): Promise<string[]> {
    return (await db.cdr.findMany({ select: { callId: true } })).map(({ callId }) => callId).sort();
  }

  /** Expects the summary tables to count exactly the stored calls. */
  async function expectSummaryToMatch(): Promise<void> {
    const [row] = await db.$queryRaw<[{ wrong: bigint }]>`
      SELECT count(*) AS wrong
      FROM (
        SELECT org_id, date_trunc('hour', start_time, 'UTC'), coalesce(trunk_id, ''), source, leg,
          disposition, count(*), sum(billsec)
        FROM cdrs
        GROUP BY 1, 2, 3, 4, 5, 6
        EXCEPT
        SELECT org_id, hour, trunk_id, source, leg, disposition, sum(calls), sum(billsec)
        FROM (
          SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec
          FROM cdr_summary
          UNION ALL
          SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec
          FROM cdr_summary_deltas
        ) AS part
        GROUP BY 1, 2, 3, 4, 5, 6
      ) AS difference`;
    const [sums] = await db.$queryRaw<[{ counted: bigint; stored: bigint }]>`
      SELECT
        (
          SELECT coalesce(sum(calls), 0)
          FROM (SELECT calls FROM cdr_summary UNION ALL SELECT calls FROM cdr_summary_deltas) AS part
        )::bigint AS counted,
        (SELECT count(*) FROM cdrs) AS stored`;
    expect(row.wrong).toBe(0n);
    expect(sums.counted).toBe(sums.stored);
  }

  return {
    ...cdr,
    empty,
    requestTask,
    putTask,
    readTask,
    cancelTask,
    startRunner,
    waitForTask,
    completeTask,
    sendBatch,
    storeCalls,
    callIds,
    expectSummaryToMatch,
  };
}
export type TestTasks = Awaited<ReturnType<typeof createTestTasks>>;

/** Times of a one-minute call for `buildRecord`. */
export function startingAt(start: string) {
  return {
    start_time: start,
    end_time: new Date(Date.parse(start) + 60_000).toISOString(),
    duration: 60,
  };
}
