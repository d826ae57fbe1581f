import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { eventlogIntake, type AuditEvent } from '@oriontel/eventlog';
import { createIntake } from '@oriontel/intake';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger, createMetrics } from '@oriontel/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveEvents } from './serve-events.ts';

const log = createLogger('test', 'silent');

describe.each(testQueueStores())('with queues in $kind', ({ storeFor }) => {
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

  function auditEvent(id: string): AuditEvent {
    return {
      id,
      orgId: 1,
      eventType: 'security',
      severity: 'warning',
      actorType: 'system',
      actorId: null,
      resourceType: null,
      resourceId: null,
      description: 'Failed login attempt from unknown IP',
      metadata: null,
      ipAddress: null,
      userAgent: null,
    };
  }
  function stored() {
    return store.db.auditEvent.findMany({
      select: { id: true, severity: true, words: true },
      orderBy: { id: 'asc' },
    });
  }

  test('serveEvents stores dispatched rows and rows whose dispatch failed', async () => {
    const intakeOptions = { onUndispatched: () => undefined };
    const failingProducer = { add: () => Promise.reject(new Error('queue is down')) };
    const undispatched = createIntake(store.db, eventlogIntake, failingProducer, {
      ...intakeOptions,
      graceSeconds: 0,
    });
    const dispatched = createIntake(
      store.db,
      eventlogIntake,
      queues.producer(eventlogIntake.queue),
      intakeOptions,
    );
    const ids = ['evt-20260115-000000000000000000000a1', 'evt-20260115-000000000000000000000a2'] as const;
    await undispatched.accept({ orgId: 1, key: ids[0], value: auditEvent(ids[0]), requestId: 'req' });
    await dispatched.accept({ orgId: 1, key: ids[1], value: auditEvent(ids[1]), requestId: 'req' });

    const { isRunning, stopSweeper } = serveEvents({
      db: store.db,
      queues,
      log,
      metrics: createMetrics(),
      notify: async () => undefined,
      concurrency: 2,
      sweepGraceSeconds: 0.1,
    });
    const words = ['failed', 'login', 'attempt', 'from', 'unknown', 'ip'];
    await expect.poll(stored, { timeout: 15_000 }).toEqual(ids.map((id) => ({ id, severity: 1, words })));
    expect(await store.db.intakeRow.count()).toBe(0);
    expect(isRunning()).toBe(true);
    await stopSweeper();
    await undispatched.close();
    await dispatched.close();
  });
});
