import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildRecord, createDeadLetter } from '../testing.ts';
import { createTestTasks, type TestTasks } from './testing/test-tasks.ts';

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
      INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, fingerprint, request_id, accepted_at)
      SELECT gen_random_uuid(), queue, org_id, key, 'poison', '', payload, 'f', request_id, accepted_at
      FROM poison`;
    tasks.startRunner();
    const { task_id, estimated_records } = await tasks.putTask({ task_type: 'process' });
    expect(estimated_records).toBe(4);
    const { state, counts } = await tasks.waitForTask(task_id);
    expect(state).toBe('done');
    expect(counts).toMatchObject({ processed: 4, duplicates: 0 });
    expect(counts['stored']! + counts['quarantined']!).toBe(4);
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
