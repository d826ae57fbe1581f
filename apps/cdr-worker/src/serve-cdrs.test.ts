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

describe.each(testQueueStores())('with its queue on $kind', ({ storeFor }) => {
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

  function value(record: object): CdrPayload {
    return {
      format: 'platform',
      batchId: 'b',
      source: 'node',
      sgapiReference: 'r',
      records: [record],
    };
  }
  const cdrs = () => store.db.$queryRaw`SELECT call_id, caller, org_id FROM cdrs ORDER BY start_time`;

  test('what is accepted is stored by the region of its organization, and what its queue never heard of is swept up', async () => {
    const { db } = store;
    const british = await db.organization.create({ data: { name: 'British', region: 'GB' } });
    const silent = { add: () => Promise.reject(new Error('queue is down')) };
    const forgotten = createIntake(db, cdrIntake, silent, {
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
    await forgotten.accept({ ...request, orgId: british.id, value: value(first) });
    await dispatched.accept({ ...request, orgId: 1, value: value(second) });

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
    await expect.poll(cdrs, { timeout: 15_000 }).toEqual([
      { call_id: first.call_id, caller: '+442079460001', org_id: british.id },
      { call_id: second.call_id, caller: '+14155551234', org_id: 1 },
    ]);
    expect(isRunning()).toBe(true);
    await stopSweeper();
    await taskRunner.stop();
    await forgotten.close();
    await dispatched.close();
  });
});

test('partitions of the coming months are made at once, and a database that is away is survived', async () => {
  const store = await createTestDatabase();
  await store.db.$executeRaw`SELECT 1`;
  await createFirstPartitions(store.db, log);
  const month = new Date(
    Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 15),
  ).toISOString();
  const record = { id: '018d0cab-c440-8543-ab49-09fb514dbccd' };
  await store.db.$executeRaw`
    INSERT INTO cdrs (id, org_id, call_id, leg, start_time, duration, billsec, disposition, source, batch_id, content_hash, raw)
    VALUES (${record.id}::uuid, 1, 'x', 'a', ${month}::timestamptz, 0, 0, 'FAILED', 's', 'b', 'h', '{}')`;
  const [row] = await store.db.$queryRaw<
    [{ place: string }]
  >`SELECT tableoid::regclass::text AS place FROM cdrs`;
  expect(row.place).not.toContain('default');
  await store.drop();
  await expect(createFirstPartitions(store.db, log)).resolves.toBeUndefined();
});
