import type { Queryable } from '@oriontel/database';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { intakeRows, createDrain, quarantine } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';
import { entityEventsIntake } from './entity-events-intake.ts';
import { storeEntityEvents, type Notify } from './store-entity-events.ts';
import { writeEntityEvents, type Occurrence } from './write-entity-events.ts';

let store: TestDatabase;
beforeAll(async () => void (store = await createTestDatabase()));
afterAll(() => store.drop());
beforeEach(async () => {
  for (const table of ['entity_events', 'intake', 'quarantine'])
    await store.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

function occurrence(more: Partial<Occurrence> = {}): Occurrence {
  return {
    orgId: 1,
    entity: 'device/dev-001',
    type: 'device_offline',
    data: { reason: 'timeout' },
    notify: true,
    ...more,
  };
}
function pending() {
  return intakeRows(store.db).pending<EntityEvent>(entityEventsIntake.queue.name, null, { limit: 1_000 });
}
const stored = () => store.db.entityEvent.count();

/** A drain that records what it passes to `notify`. */
function createRecordingDrain(notify: Notify = async () => undefined) {
  const notified: AcceptedEvent[][] = [];
  async function notifyAndRecord(tx: Queryable, events: AcceptedEvent[]): Promise<void> {
    await notify(tx, events);
    notified.push(events);
  }
  const drain = createDrain(store.db, entityEventsIntake, storeEntityEvents(notifyAndRecord), {
    onDrained: () => undefined,
    onPoison: () => undefined,
  });
  return { notified, drain: (ids: string[]) => drain({ ids, swept: false }) };
}

test('storeEntityEvents passes events with notify in order of acceptance, across organizations', async () => {
  const flags = [true, false, true, true, false];
  const events = flags.map((notify, index) =>
    occurrence({ notify, orgId: 1 + (index % 2), type: `type-${index}`, at: new Date(2_000_000 - index) }),
  );
  await writeEntityEvents(store.db, events, 'req');
  const rows = await pending();
  const { notified, drain } = createRecordingDrain();
  await drain(rows.map(({ id }) => id).reverse());
  expect(notified).toEqual([
    [rows[0]!, rows[2]!, rows[3]!].map(({ id, payload, acceptedAt }) => ({
      ...payload,
      position: id,
      acceptedAt,
    })),
  ]);
  expect(notified[0]!.map(({ type }) => type)).toEqual(['type-0', 'type-2', 'type-3']);
  expect([await stored(), (await pending()).length]).toEqual([5, 0]);
});

test('an event that is drained twice, or whose intake row returns, is stored and notified once', async () => {
  await writeEntityEvents(store.db, [occurrence()], 'req');
  const [row] = await pending();
  const { notified, drain } = createRecordingDrain();
  await drain([row!.id]);
  await drain([row!.id]);
  const { id, orgId, key, requestId } = row!;
  const again = { id, queue: entityEventsIntake.queue.name, orgId, key, requestId };
  await intakeRows(store.db).insert([{ ...again, payload: JSON.stringify(row!.payload) }], 5);
  await drain([row!.id]);
  expect([notified.flat().length, await stored(), (await pending()).length]).toEqual([1, 1, 0]);
});

test('concurrent workers that store the same events notify each event once', async () => {
  await writeEntityEvents(
    store.db,
    Array.from({ length: 200 }, () => occurrence()),
    'req',
  );
  const rows = await pending();
  const { notified } = createRecordingDrain();
  function storeRows(some: typeof rows) {
    return store.db.$sqlTransaction((tx) =>
      storeEntityEvents(async (_tx, events) => void notified.push(events))(tx, some),
    );
  }
  await Promise.all([storeRows(rows), storeRows(rows.slice(50)), storeRows(rows.slice(0, 150))]);
  const ids = notified.flat().map(({ id }) => id);
  expect([ids.length, new Set(ids).size, await stored()]).toEqual([200, 200, 200]);
});

test('a failing notify rolls back the stored event, and a later drain stores it', async () => {
  await writeEntityEvents(store.db, [occurrence()], 'req');
  const [row] = await pending();
  const failing = createRecordingDrain(async () => {
    throw new Error('no outbox');
  });
  await expect(failing.drain([row!.id])).rejects.toThrow('no outbox');
  expect([await stored(), (await pending()).length]).toEqual([0, 1]);
  const { notified, drain } = createRecordingDrain();
  await drain([row!.id]);
  expect([notified.flat().length, await stored()]).toEqual([1, 1]);
});

test('writeEntityEvents commits or rolls back with the transaction of its caller', async () => {
  const rolledBack = store.db.$sqlTransaction(async (tx) => {
    await writeEntityEvents(tx, [occurrence()], 'req');
    throw new Error('rolled back');
  });
  await expect(rolledBack).rejects.toThrow('rolled back');
  await writeEntityEvents(store.db, [], 'req');
  expect(await pending()).toEqual([]);
  await store.db.$sqlTransaction((tx) => writeEntityEvents(tx, [occurrence()], 'req'));
  const [row] = await pending();
  expect(row).toMatchObject({ orgId: 1, key: 'device/dev-001', requestId: 'req' });
  // Due at once, because only the sweeper dispatches it.
  const due = await intakeRows(store.db).claimDue(entityEventsIntake.queue.name, {
    graceSeconds: 5,
    dispatchedBefore: null,
    limit: 10,
  });
  expect(due.map(({ id }) => id)).toEqual([row!.id]);
});

test('an event is stored in the partition of its month, an old one in the default partition', async () => {
  await writeEntityEvents(
    store.db,
    [occurrence(), occurrence({ at: new Date('1970-01-01T00:00:00Z') })],
    'req',
  );
  await createRecordingDrain().drain((await pending()).map(({ id }) => id));
  const rows = await store.db.$queryRaw<{ place: string }[]>`
    SELECT tableoid::regclass::text AS place FROM entity_events ORDER BY happened_at`;
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');
  expect(rows.map(({ place }) => place)).toEqual(['entity_events_default', `entity_events_${month}`]);
});

test('an event that cannot be stored is quarantined, its neighbors are stored and notified', async () => {
  await writeEntityEvents(store.db, [occurrence({ type: 'a' }), occurrence({ type: 'b' })], 'req');
  const [bad] = await pending();
  await store.db
    .$executeRaw`UPDATE intake SET payload = '{"id":"evt-1","at":"never"}' WHERE id = ${bad!.id}::uuid`;
  const { notified, drain } = createRecordingDrain();
  await drain((await pending()).map(({ id }) => id));
  expect(notified.flat().map(({ type }) => type)).toEqual(['b']);
  expect(await stored()).toBe(1);
  const quarantined = await quarantine(store.db).list(entityEventsIntake.queue.name, 1, { limit: 10 });
  expect(quarantined).toMatchObject([{ key: 'device/dev-001', reason: 'poison' }]);
});
