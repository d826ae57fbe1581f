import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createDrain, createIntake, quarantine } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { auditEvents } from './audit-event.repository.ts';
import type { AuditEvent } from './audit-event.ts';
import { eventlogIntake } from './eventlog-intake.ts';
import { findEvent } from './find-event.ts';
import { seedEvents } from './seed-events.ts';
import { storeEvents } from './store-events.ts';
import { buildEvent } from './testing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.auditEvent.deleteMany());

function full() {
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

/** Accepts down the road, and hands out the jobs in the place of a queue. */
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

test('what is accepted is found before it is stored, and the same after', async () => {
  const { createdAt, ...event } = full();
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

test('a row that is handled twice is stored once, also by two workers at once', async () => {
  const events = Array.from({ length: 50 }, () => full());
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

test('an event is in the partition of its month', async () => {
  await seedEvents(store.db, [full()]);
  const [row] = await store.db.$queryRaw<[{ place: string }]>`
    SELECT tableoid::regclass::text AS place FROM audit_events`;
  expect(row.place).toBe(`audit_events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`);
});

test('one that cannot be stored is quarantined, and its neighbors are stored', async () => {
  const [bad, good] = [{ ...full(), ipAddress: 'nonsense' }, full()];
  for (const job of await accept(bad, good)) await drain()(job);
  expect(await store.db.auditEvent.findMany({ select: { id: true } })).toEqual([{ id: good.id }]);
  expect(await quarantine(store.db).list('eventlog', 1, { limit: 10 })).toMatchObject([
    { key: bad.id, reason: 'poison' },
  ]);
});

test("the document's ids are found by their day, and putting them there again changes nothing", async () => {
  const seeded = buildEvent({ id: 'evt-20240115-abc123', createdAt: new Date('2024-01-15T11:30:00Z') });
  await seedEvents(store.db, [seeded]);
  await seedEvents(store.db, [{ ...seeded, description: 'another' }]);
  const find = findEvent(store.db);
  expect(await find(1, 'evt-20240115-abc123')).toEqual(seeded);
  expect(await find(1, 'evt-20240116-abc123')).toBeNull();
  expect(await find(1, 'evt-20240115-abc124')).toBeNull();
  expect(await find(1, "evt-20240115-' OR 1=1")).toBeNull();
});

test('words without end and texts of all kinds are stored and found', async () => {
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
