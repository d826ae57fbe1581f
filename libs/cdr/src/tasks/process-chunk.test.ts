import { createDrain, type Drain } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { buildRecord, createDeadLetter } from '../testing.ts';
import type { Position } from './cdr-task.ts';
import { TaskLost, type RunChunk } from './chunk.ts';
import { processChunk } from './process-chunk.ts';
import { claimTask, expireLeases, insertTask, runChunkOf } from './testing/insert-task.ts';
import { createTestTasks, type TestTasks } from '../testing/test-tasks.ts';

let tasks: TestTasks;
beforeAll(async () => {
  tasks = await createTestTasks();
});
afterAll(() => tasks.close());
beforeEach(() => tasks.empty());

describe('a process task', () => {
  test('stores pending and quarantined records and counts each of them', async () => {
    const [fresh, again] = [buildRecord({ call_id: 'fresh' }), buildRecord({ call_id: 'again' })];
    await tasks.sendBatch([fresh, buildRecord({ call_id: 'hopeless', end_time: '2020-01-01T00:00:00Z' })]);
    await tasks.sendBatch([buildRecord({ call_id: 'elsewhere' })], tasks.theirs.byKey);
    // A whole submission, quarantined because its worker failed on every attempt.
    await tasks.sendBatch([again, buildRecord({ call_id: 'again-2', caller: '\u0000\ud800' })]);
    await tasks.db.$executeRaw`
      WITH poison AS (
        DELETE FROM intake
        WHERE payload::text LIKE '%again%'
        RETURNING *
      )
      INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, items, fingerprint,
        request_id, accepted_at)
      SELECT gen_random_uuid(), queue, org_id, key, 'poison', '', payload, items, 'f',
        request_id, accepted_at
      FROM poison`;
    tasks.startRunner();
    const { task_id, estimated_records } = await tasks.putTask({ task_type: 'process' });
    expect(estimated_records).toBe(4);
    const { state, counts } = await tasks.waitForTask(task_id);
    expect(state).toBe('done');
    expect(counts).toMatchObject({ processed: 4, duplicates: 0 });
    expect(counts['stored'] + counts['quarantined']).toBe(4);
    expect(await tasks.callIds()).toEqual(expect.arrayContaining(['again', 'fresh']));
    expect(await tasks.callIds()).not.toContain('elsewhere');
    expect(await tasks.db.intakeRow.count()).toBe(1);
    await tasks.expectSummaryToMatch();
    // An invalid record stays quarantined once; a second task changes nothing.
    const remaining = await tasks.db.quarantineItem.count();
    expect(remaining).toBe(counts['quarantined']);
    await tasks.waitForTask((await tasks.putTask({ task_type: 'process' })).task_id);
    expect(await tasks.db.quarantineItem.count()).toBe(remaining);
  });

  test('selects by acceptance time', async () => {
    await tasks.sendBatch([buildRecord({ call_id: 'old' })]);
    await tasks.db.$executeRaw`UPDATE intake SET accepted_at = '2024-03-01T12:00:00Z'`;
    await tasks.sendBatch([buildRecord({ call_id: 'new' })]);
    tasks.startRunner();
    expect(
      await tasks.completeTask({
        task_type: 'process',
        date_range: { start: '2024-03-01', end: '2024-03-01' },
      }),
    ).toEqual({
      processed: 1,
      stored: 1,
    });
    expect(await tasks.callIds()).toEqual(['old']);
    expect(await tasks.db.intakeRow.count()).toBe(1);
  });

  test('redrives the dead letters of the range only', async () => {
    const stopWorker = tasks.startWorker();
    const old = await createDeadLetter(tasks);
    await tasks.db.$executeRaw`UPDATE cdr_forwardings SET accepted_at = '2024-03-01T12:00:00Z'`;
    const newer = await createDeadLetter(tasks);
    await stopWorker();
    tasks.startRunner();
    async function stateOf(submissionId: string) {
      return (await tasks.db.cdrForwarding.findUniqueOrThrow({ where: { submissionId } })).state;
    }
    await tasks.completeTask({
      task_type: 'process',
      date_range: { start: '2024-03-01', end: '2024-03-01' },
    });
    expect([await stateOf(old), await stateOf(newer)]).toEqual(['pending', 'dead']);
    await tasks.completeTask({ task_type: 'process' });
    expect(await stateOf(newer)).toBe('pending');
  });
});

describe('processChunk', () => {
  const redriveNone = () => async () => 0;
  const runChunk: RunChunk = (...args) => processChunk(tasks.db, tasks.drain, redriveNone)(...args);

  /** Queues and claims a process task that covers the batches accepted so far. */
  async function claimProcessTask(position: Position = { phase: 'intake' }) {
    await insertTask(tasks.db, { taskType: 'process', orgId: null, position });
    return claimTask(tasks.db);
  }
  /** Runs the chunk that picks rows; the next chunk of the returned claim stores them. */
  async function pickRows(claimed: Awaited<ReturnType<typeof claimProcessTask>>) {
    return { ...claimed, task: await runChunkOf(claimed, runChunk) };
  }

  test('running the chunk that stores the picked rows twice stores and counts them once', async () => {
    await tasks.sendBatch([buildRecord({ call_id: 'a' }), buildRecord({ call_id: 'b' })]);
    const picked = await pickRows(await claimProcessTask());
    const first = await runChunkOf(picked, runChunk);
    const second = await runChunkOf(picked, runChunk);
    expect(first.counts).toMatchObject({ processed: 2, stored: 2 });
    expect(second).toEqual(first);
    expect(await tasks.callIds()).toEqual(['a', 'b']);
    await tasks.expectSummaryToMatch();
  });

  test('a runner that takes over between picking and storing rows stores each call once', async () => {
    await tasks.sendBatch([buildRecord({ call_id: 'a' })]);
    const dead = await pickRows(await claimProcessTask());
    await expireLeases(tasks.db);
    const successor = await claimTask(tasks.db);
    expect(successor.task.position).toEqual(dead.task.position);
    await expect(runChunkOf(dead, runChunk)).rejects.toThrow(TaskLost);
    const { counts } = await runChunkOf(successor, runChunk);
    expect(counts).toMatchObject({ processed: 1, stored: 1, duplicates: 0 });
    expect(await tasks.callIds()).toEqual(['a']);
    await tasks.expectSummaryToMatch();
  });

  test('leaves the quarantine unchanged if the task was taken over meanwhile', async () => {
    await tasks.sendBatch([buildRecord({ end_time: '2020-01-01T00:00:00Z' })]);
    const { id } = await tasks.db.intakeRow.findFirstOrThrow();
    await tasks.drain({ ids: [id], swept: false });
    const dead = await claimProcessTask({ phase: 'quarantine' });
    await expireLeases(tasks.db);
    await claimTask(tasks.db);
    await expect(runChunkOf(dead, runChunk)).rejects.toThrow(TaskLost);
    expect([await tasks.db.quarantineItem.count(), await tasks.db.intakeRow.count()]).toEqual([1, 0]);
  });

  /** Records which rows are drained together. */
  function recordDrains(): { drained: number[]; drain: Drain } {
    const drained: number[] = [];
    async function drain(pointers: Parameters<Drain>[0]) {
      drained.push(pointers.ids.length);
      return tasks.drain(pointers);
    }
    return { drained, drain };
  }

  test('drains picked rows together, and one by one after a takeover', async () => {
    const { drained, drain } = recordDrains();
    for (let i = 0; i < 3; i += 1) await tasks.sendBatch([buildRecord()]);
    const picked = await pickRows(await claimProcessTask());
    await runChunkOf(picked, processChunk(tasks.db, drain, redriveNone));
    expect(drained).toEqual([3]);
    for (let i = 0; i < 3; i += 1) await tasks.sendBatch([buildRecord()]);
    await tasks.db.$executeRaw`TRUNCATE munch_tasks`;
    await pickRows(await claimProcessTask());
    await expireLeases(tasks.db);
    drained.length = 0;
    await runChunkOf(await claimTask(tasks.db), processChunk(tasks.db, drain, redriveNone));
    expect(drained).toEqual([1, 1, 1]);
    expect(await tasks.db.cdr.count()).toBe(6);
  });

  test('retries a drain that failed, row by row', async () => {
    const { drained, drain } = recordDrains();
    let failures = 0;
    for (let i = 0; i < 2; i += 1) await tasks.sendBatch([buildRecord()]);
    const picked = await pickRows(await claimProcessTask());
    const failOnce: Drain = async function failOnFirstCall(pointers) {
      if ((failures += 1) === 1) throw new Error('a bug');
      return drain(pointers);
    };
    const { counts } = await runChunkOf(picked, processChunk(tasks.db, failOnce, redriveNone));
    expect(drained).toEqual([1, 1]);
    expect(counts).toMatchObject({ processed: 2, stored: 2 });
  });

  test('counts a batch that failed on every attempt as quarantined', async () => {
    await tasks.sendBatch([buildRecord(), buildRecord()]);
    const picked = await pickRows(await claimProcessTask());
    const failingDrain = createDrain(
      tasks.db,
      cdrIntake,
      async () => {
        throw new Error('a bug');
      },
      { onDrained: () => undefined, onPoison: () => undefined },
    );
    const { counts } = await runChunkOf(picked, processChunk(tasks.db, failingDrain, redriveNone));
    expect(counts).toMatchObject({ processed: 2, stored: 0, quarantined: 2 });
    expect(await tasks.db.quarantineItem.count()).toBe(1);
  });

  test('rejects when the database is unavailable, and the rows stay in the intake', async () => {
    await tasks.sendBatch([buildRecord()]);
    const picked = await pickRows(await claimProcessTask());
    const unavailable: Drain = async () => {
      throw new Error('Connection terminated unexpectedly');
    };
    await expect(runChunkOf(picked, processChunk(tasks.db, unavailable, redriveNone))).rejects.toThrow(
      'Connection terminated',
    );
    expect(await tasks.db.intakeRow.count()).toBe(1);
  });

  test('rejects when the worker stops while rows are pending', async () => {
    await tasks.sendBatch([buildRecord()]);
    const picked = await pickRows(await claimProcessTask());
    const stop = new AbortController();
    const stoppingDrain: Drain = async () => stop.abort();
    await expect(
      runChunkOf(picked, processChunk(tasks.db, stoppingDrain, redriveNone), stop.signal),
    ).rejects.toThrow(/abort/);
    expect(await tasks.db.intakeRow.count()).toBe(1);
  });

  test('covers only batches accepted before the task started', async () => {
    await tasks.sendBatch([buildRecord({ call_id: 'before' })]);
    const claimed = await claimProcessTask();
    await tasks.sendBatch([buildRecord({ call_id: 'after' })]);
    await runChunkOf(await pickRows(claimed), runChunk);
    expect(await tasks.callIds()).toEqual(['before']);
    expect(await tasks.db.intakeRow.count()).toBe(1);
  });
});
