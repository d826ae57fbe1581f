import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { eventlogIntake, type AuditEvent } from '@oriontel/eventlog';
import { createIntake } from '@oriontel/intake';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger, createMetrics } from '@oriontel/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveEvents } from './serve-events.ts';

const log = createLogger('test', 'silent');

describe.each(testQueueStores())('with its queue on $kind', ({ open }) => {
  let store: TestDatabase;
  let queues: Queues;
  beforeAll(async () => {
    store = await createTestDatabase();
    queues = await connectQueues(open(store.url), () => undefined);
  });
  afterAll(async () => {
    await queues.close(5_000);
    await store.drop();
  });

  function event(id: string): AuditEvent {
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

  test('what is accepted is stored, and what its queue never heard of is swept up', async () => {
    const told = { onUndispatched: () => undefined };
    const silent = { add: () => Promise.reject(new Error('queue is down')) };
    const forgotten = createIntake(store.db, eventlogIntake, silent, { ...told, graceSeconds: 0 });
    const dispatched = createIntake(store.db, eventlogIntake, queues.producer(eventlogIntake.queue), told);
    const ids = ['evt-20260115-000000000000000000000a1', 'evt-20260115-000000000000000000000a2'] as const;
    await forgotten.accept({ orgId: 1, key: ids[0], value: event(ids[0]), requestId: 'req' });
    await dispatched.accept({ orgId: 1, key: ids[1], value: event(ids[1]), requestId: 'req' });

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
    await forgotten.close();
    await dispatched.close();
  });
});
