import { buildRecord } from '@oriontel/cdr/testing';
import { cdrIntake, type CdrPayload } from '@oriontel/cdr';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createIntake } from '@oriontel/intake';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger, createMetrics } from '@oriontel/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFirstPartitions } from './create-first-partitions.ts';
import { serveCdrs } from './serve-cdrs.ts';

const log = createLogger('test', 'silent');

describe.each(testQueueStores())('serveCdrs with queues on $kind', ({ storeFor }) => {
  let store: TestDatabase;
  let queues: Queues;
  beforeAll(async () => {
    store = await createTestDatabase();
    queues = await connectQueues(storeFor(store.url), () => undefined);
  });
  afterAll(async () => {
    await queues.close(5_000);
    await store.drop();
  });

  function payloadOf(record: object): CdrPayload {
    return { format: 'platform', batchId: 'b', source: 'node', sgapiReference: 'r', records: [record] };
  }
  function storedCalls() {
    return store.db.$queryRaw`
      SELECT call_id, caller, org_id
      FROM cdrs
      ORDER BY start_time`;
  }

  test('stores calls by the region of their organization and sweeps undispatched ones', async () => {
    const { db } = store;
    const british = await db.organization.create({ data: { name: 'British', region: 'GB' } });
    const brokenQueue = { add: () => Promise.reject(new Error('queue is down')) };
    const undispatched = createIntake(db, cdrIntake, brokenQueue, {
      onUndispatched: () => undefined,
      graceSeconds: 0,
    });
    const dispatched = createIntake(db, cdrIntake, queues.producer(cdrIntake.queue), {
      onUndispatched: () => undefined,
    });

    const first = buildRecord({ caller: '020 7946 0001' });
    const second = buildRecord({
      caller: '(415) 555-1234',
      start_time: '2024-01-15T10:30:01Z',
      duration: 341,
    });
    const request = { key: 'b', requestId: 'req' };
    await undispatched.accept({ ...request, orgId: british.id, value: payloadOf(first) });
    await dispatched.accept({ ...request, orgId: 1, value: payloadOf(second) });

    const { stopSweeper, isRunning, taskRunner } = serveCdrs({
      db,
      queues,
      log,
      metrics: createMetrics(),
      concurrency: 2,
      defaultRegion: 'US',
      sweepGraceSeconds: 0.1,
      pace: { idle: 0, busy: 0 },
    });
    await expect.poll(storedCalls, { timeout: 15_000 }).toEqual([
      { call_id: first.call_id, caller: '+442079460001', org_id: british.id },
      { call_id: second.call_id, caller: '+14155551234', org_id: 1 },
    ]);
    expect(isRunning()).toBe(true);
    await stopSweeper();
    await taskRunner.stop();
    await undispatched.close();
    await dispatched.close();
  });
});

test('createFirstPartitions creates the next weeks and survives a missing database', async () => {
  const store = await createTestDatabase();
  await createFirstPartitions(store.db, log);
  const nextWeek = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const id = '018d0cab-c440-8543-ab49-09fb514dbccd';
  await store.db.$executeRaw`
    INSERT INTO cdrs (
      id, org_id, call_id, leg, start_time, duration, billsec, disposition,
      source, batch_id, content_hash, raw
    )
    VALUES (
      ${id}::uuid, 1, 'x', 'a', ${nextWeek}::timestamptz, 0, 0, 'FAILED',
      's', 'b', 'h', '{}'
    )`;
  const [row] = await store.db.$queryRaw<[{ partition: string }]>`
    SELECT tableoid::regclass::text AS partition
    FROM cdrs`;
  expect(row.partition).not.toContain('default');
  await store.drop();
  await expect(createFirstPartitions(store.db, log)).resolves.toBeUndefined();
});
