import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTaskThrottle, type Pace } from './create-task-throttle.ts';
import type { TaskType } from './cdr-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE intake`);

/** Adds a batch to the intake that was accepted `ageSeconds` ago and is not stored. */
async function addPendingBatch(ageSeconds: number): Promise<void> {
  await store.db.$executeRaw`
    INSERT INTO intake (id, queue, org_id, key, payload, request_id, accepted_at, due_at)
    VALUES (${randomUUID()}::uuid, 'cdr', 1, 'batch', '{}', 'req',
      now() - make_interval(secs => ${ageSeconds}::float8), now())`;
}

interface RestOptions {
  taskType?: TaskType;
  signal?: AbortSignal;
}

/** Milliseconds of the rest after a chunk of `workedMs`. */
async function measureRest(
  pace: Pace,
  workedMs: number,
  { taskType = 'reprocess', signal = new AbortController().signal }: RestOptions = {},
): Promise<number> {
  const startedAt = performance.now();
  await createTaskThrottle(store.db, pace)(taskType, workedMs, signal);
  return performance.now() - startedAt;
}

const PACE: Pace = { idle: 0, busy: 10 };

describe('createTaskThrottle', () => {
  test('rests `idle` times the worked time while the intake is empty', async () => {
    expect(await measureRest({ idle: 4, busy: 0 }, 100)).toBeGreaterThan(395);
  });

  test('rests `busy` times the worked time while batches are pending', async () => {
    await addPendingBatch(0);
    expect(await measureRest(PACE, 50)).toBeGreaterThan(495);
  });

  test('waits until workers that are behind have caught up', async () => {
    await addPendingBatch(60);
    const caughtUp = new Promise((resolve) => setTimeout(resolve, 700)).then(
      () => store.db.$executeRaw`TRUNCATE intake`,
    );
    expect(await measureRest(PACE, 0)).toBeGreaterThan(695);
    await caughtUp;
  });

  test('continues after 5 s even if the workers are still behind', async () => {
    await addPendingBatch(60);
    expect(await measureRest(PACE, 0)).toBeGreaterThan(4_950);
  });

  test('does not wait for workers that are less than 2 s behind', async () => {
    await addPendingBatch(-60);
    expect(await measureRest(PACE, 0)).toBeLessThan(4_000);
  });

  test('does not make a process task wait for the backlog that it stores itself', async () => {
    await addPendingBatch(60);
    expect(await measureRest(PACE, 0, { taskType: 'process' })).toBeLessThan(4_000);
  });

  test('ends its rest when the worker stops', async () => {
    await addPendingBatch(60);
    expect(await measureRest(PACE, 60_000, { signal: AbortSignal.timeout(100) })).toBeLessThan(4_000);
  });
});
