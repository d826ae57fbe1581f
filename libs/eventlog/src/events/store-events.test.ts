import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createDrain, createIntake, quarantine } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent } from './audit-event.ts';
import { eventlogIntake } from './eventlog-intake.ts';
import { findEvent } from './find-event.ts';
import { seedEvents } from './seed-events.ts';
import { storeEvents } from './store-events.ts';
import { buildEvent } from '../testing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.auditEvent.deleteMany());

function fullEvent() {
  return buildEvent({
    severity: 'critical',
    actorType: 'user',
    actorId: 67_890,
    resourceType: 'dialplan',
    resourceId: 'dp-001',
    metadata: { b: [1, { c: null }], a: 'ü', __proto__: 1 },
    ipAddress: '2001:db8::1',
    userAgent: 'Mozilla/5.0...',
  });
}

/** Accepts events and returns the jobs that the queue would get. */
async function accept(...events: AuditEvent[]) {
  const jobs: { ids: string[]; swept: boolean }[] = [];
  const producer = { add: async (job: { ids: string[]; swept: boolean }) => void jobs.push(job) };
  const intake = createIntake(store.db, eventlogIntake, producer, { onUndispatched: () => undefined });
  for (const event of events)
    await intake.accept({ orgId: event.orgId, key: event.id, value: event, requestId: 'req' });
  await intake.close();
  return jobs;
}
function drain() {
  return createDrain(store.db, eventlogIntake, storeEvents, {
    onDrained: () => undefined,
    onPoison: () => undefined,
  });
}

test('findEvent finds an accepted event before and after it is stored', async () => {
  const { createdAt, ...event } = fullEvent();
  const [job] = await accept(event);
  const find = findEvent(store.db);
  expect(await store.db.auditEvent.count()).toBe(0);
  expect(await find(1, event.id)).toEqual({ ...event, createdAt });
  expect(await find(2, event.id)).toBeNull();
  await drain()(job!);
  expect(await find(1, event.id)).toEqual({ ...event, createdAt });
  expect(await find(2, event.id)).toBeNull();
  expect(await store.db.intakeRow.count()).toBe(0);
});

test('storeEvents stores an event once, even by concurrent workers', async () => {
  const events = Array.from({ length: 50 }, () => fullEvent());
  const rows = events.map(({ createdAt: acceptedAt, ...payload }) => {
    return { id: payload.id, orgId: 1, key: payload.id, payload, requestId: 'r', acceptedAt, attempts: 0 };
  });
  const handle = (some: typeof rows) => store.db.$transaction((tx) => storeEvents(tx, some));
  await Promise.all([handle(rows), handle([...rows].reverse()), handle(rows.slice(10))]);
  await handle(rows);
  expect(await store.db.auditEvent.count()).toBe(50);

  const [job] = await accept(events[0]!);
  await drain()(job!);
  await drain()(job!);
  expect(await store.db.auditEvent.count()).toBe(50);
});

test('an event is stored in the partition of its month', async () => {
  await seedEvents(store.db, [fullEvent()]);
  const [row] = await store.db.$queryRaw<[{ partition: string }]>`
    SELECT tableoid::regclass::text AS partition
    FROM audit_events`;
  expect(row.partition).toBe(`audit_events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`);
});

test('an event that cannot be stored is quarantined, the others are stored', async () => {
  const [bad, good] = [{ ...fullEvent(), ipAddress: 'nonsense' }, fullEvent()];
  for (const job of await accept(bad, good)) await drain()(job);
  expect(await store.db.auditEvent.findMany({ select: { id: true } })).toEqual([{ id: good.id }]);
  expect(await quarantine(store.db).list('eventlog', 1, { limit: 10 })).toMatchObject([
    { key: bad.id, reason: 'poison' },
  ]);
});

test('findEvent finds ids that contain only a day; seedEvents is idempotent', async () => {
  const seeded = buildEvent({ id: 'evt-20240115-abc123', createdAt: new Date('2024-01-15T11:30:00Z') });
  await seedEvents(store.db, [seeded]);
  await seedEvents(store.db, [{ ...seeded, description: 'another' }]);
  const find = findEvent(store.db);
  expect(await find(1, 'evt-20240115-abc123')).toEqual(seeded);
  expect(await find(1, 'evt-20240116-abc123')).toBeNull();
  expect(await find(1, 'evt-20240115-abc124')).toBeNull();
  expect(await find(1, "evt-20240115-' OR 1=1")).toBeNull();
});

test('long words and unusual texts are stored and found', async () => {
  const descriptions = [
    'x'.repeat(4_096),
    '👩‍👩‍👧 ünï¢ødé',
    '𠮷'.repeat(2_048),
    `'; DROP TABLE audit_events; --`,
    '{"}',
  ];
  const events = descriptions.map((description) => buildEvent({ description }));
  await seedEvents(store.db, events);
  for (const { id, description } of events)
    expect((await findEvent(store.db)(1, id))?.description).toBe(description);
  expect(await auditEvents(store.db).count(1, { words: ['x'.repeat(64)] }, 10)).toBe(1);
});
