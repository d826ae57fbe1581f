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
function waiting() {
  return intakeRows(store.db).pending<EntityEvent>(entityEventsIntake.queue.name, null, { limit: 1_000 });
}
const stored = () => store.db.entityEvent.count();

/** Drains what waits, and notes whom it would have told. */
function openWorker(notify: Notify = async () => undefined) {
  const told: AcceptedEvent[][] = [];
  const noteAndNotify: Notify = async (tx, events) => {
    await notify(tx, events);
    told.push(events);
  };
  const drain = createDrain(store.db, entityEventsIntake, storeEntityEvents(noteAndNotify), {
    onDrained: () => undefined,
    onPoison: () => undefined,
  });
  return { told, drain: (ids: string[]) => drain({ ids, swept: false }) };
}

test('those of a drain that want it are told, in the order in which they were accepted, whoever they belong to', async () => {
  const wanted = [true, false, true, true, false];
  const events = wanted.map((notify, index) =>
    occurrence({ notify, orgId: 1 + (index % 2), type: `type-${index}`, at: new Date(2_000_000 - index) }),
  );
  await writeEntityEvents(store.db, events, 'req');
  const rows = await waiting();
  const { told, drain } = openWorker();
  await drain(rows.map(({ id }) => id).reverse());
  expect(told).toEqual([
    [rows[0]!, rows[2]!, rows[3]!].map(({ id, payload, acceptedAt }) => ({
      ...payload,
      position: id,
      acceptedAt,
    })),
  ]);
  expect(told[0]!.map(({ type }) => type)).toEqual(['type-0', 'type-2', 'type-3']);
  expect([await stored(), (await waiting()).length]).toEqual([5, 0]);
});

test('an event that comes again is stored and told once, also where its row was left behind', async () => {
  await writeEntityEvents(store.db, [occurrence()], 'req');
  const [row] = await waiting();
  const { told, drain } = openWorker();
  await drain([row!.id]);
  await drain([row!.id]);
  const { id, orgId, key, requestId } = row!;
  const again = { id, queue: entityEventsIntake.queue.name, orgId, key, requestId };
  await intakeRows(store.db).insert([{ ...again, payload: JSON.stringify(row!.payload) }], 5);
  await drain([row!.id]);
  expect([told.flat().length, await stored(), (await waiting()).length]).toEqual([1, 1, 0]);
});

test('two workers who store the same at once tell of it once', async () => {
  await writeEntityEvents(
    store.db,
    Array.from({ length: 200 }, () => occurrence()),
    'req',
  );
  const rows = await waiting();
  const { told } = openWorker();
  function handle(some: typeof rows) {
    return store.db.$transaction((tx) =>
      storeEntityEvents(async (_tx, events) => void told.push(events))(tx, some),
    );
  }
  await Promise.all([handle(rows), handle(rows.slice(50)), handle(rows.slice(0, 150))]);
  const ids = told.flat().map(({ id }) => id);
  expect([ids.length, new Set(ids).size, await stored()]).toEqual([200, 200, 200]);
});

test('where telling fails nothing is stored, and it comes again', async () => {
  await writeEntityEvents(store.db, [occurrence()], 'req');
  const [row] = await waiting();
  const failing = openWorker(async () => {
    throw new Error('no outbox');
  });
  await expect(failing.drain([row!.id])).rejects.toThrow('no outbox');
  expect([await stored(), (await waiting()).length]).toEqual([0, 1]);
  const { told, drain } = openWorker();
  await drain([row!.id]);
  expect([told.flat().length, await stored()]).toEqual([1, 1]);
});

test('who writes an event in its own transaction writes both or neither', async () => {
  const undone = store.db.$transaction(async (tx) => {
    await writeEntityEvents(tx, [occurrence()], 'req');
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  await writeEntityEvents(store.db, [], 'req');
  expect(await waiting()).toEqual([]);
  await store.db.$transaction((tx) => writeEntityEvents(tx, [occurrence()], 'req'));
  const [row] = await waiting();
  expect(row).toMatchObject({ orgId: 1, key: 'device/dev-001', requestId: 'req' });
  // Due at once: nobody else dispatches it.
  const swept = await intakeRows(store.db).claimDue([entityEventsIntake.queue.name], 5, 10);
  expect(swept.map(({ id }) => id)).toEqual([row!.id]);
});

test('an event is in the partition of its month, and one of long ago is kept', async () => {
  await writeEntityEvents(
    store.db,
    [occurrence(), occurrence({ at: new Date('1970-01-01T00:00:00Z') })],
    'req',
  );
  await openWorker().drain((await waiting()).map(({ id }) => id));
  const rows = await store.db.$queryRaw<{ place: string }[]>`
    SELECT tableoid::regclass::text AS place FROM entity_events ORDER BY happened_at`;
  const month = new Date().toISOString().slice(0, 7).replace('-', '_');
  expect(rows.map(({ place }) => place)).toEqual(['entity_events_default', `entity_events_${month}`]);
});

test('one that cannot be stored is quarantined, and its neighbors are stored and told', async () => {
  await writeEntityEvents(store.db, [occurrence({ type: 'a' }), occurrence({ type: 'b' })], 'req');
  const [bad] = await waiting();
  await store.db
    .$executeRaw`UPDATE intake SET payload = '{"id":"evt-1","at":"never"}' WHERE id = ${bad!.id}::uuid`;
  const { told, drain } = openWorker();
  await drain((await waiting()).map(({ id }) => id));
  expect(told.flat().map(({ type }) => type)).toEqual(['b']);
  expect(await stored()).toBe(1);
  const quarantined = await quarantine(store.db).list(entityEventsIntake.queue.name, 1, { limit: 10 });
  expect(quarantined).toMatchObject([{ key: 'device/dev-001', reason: 'poison' }]);
});
