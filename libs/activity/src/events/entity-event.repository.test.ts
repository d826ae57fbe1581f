import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { intakeRows } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { entityEvents, type EventFilter } from './entity-event.repository.ts';
import type { EntityEvent } from './entity-event.ts';
import { entityEventsIntake } from './entity-events-intake.ts';
import { seedEntityEvents } from './seed-entity-events.ts';
import { storeEntityEvents } from './store-entity-events.ts';
import { writeEntityEvents } from './write-entity-events.ts';

let store: TestDatabase;
beforeAll(async () => void (store = await createTestDatabase()));
afterAll(() => store.drop());
beforeEach(async () => {
  for (const table of ['entity_events', 'intake']) await store.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

const entity = 'org/1';
const minute = (number: number) => new Date(Date.UTC(2024, 0, 15, 10, number));
async function search(filter: Partial<EventFilter> = {}, orgId = 1, ref = entity) {
  return (await entityEvents(store.db).search(orgId, ref, { limit: 100, ...filter })).map(
    ({ at, type }) => `${at.getUTCMinutes()} ${type}`,
  );
}

/** One event a minute for ten minutes; the odd ones are calls. */
const occurrences = Array.from({ length: 10 }, (_, number) => ({
  orgId: 1,
  entity,
  type: number % 2 ? 'call' : 'registration',
  data: { number },
  at: minute(number),
  notify: false,
}));

async function drain(isDrained: (index: number) => boolean) {
  const rows = await intakeRows(store.db).pending<EntityEvent>(entityEventsIntake.queue.name, 1, {
    limit: 100,
  });
  await store.db.$sqlTransaction(async (tx) => {
    const dequeued = await intakeRows(tx).dequeue<EntityEvent>(
      rows.filter((_, index) => isDrained(index)).map(({ id }) => id),
    );
    await storeEntityEvents(async () => undefined)(tx, dequeued);
  });
}

test.each([
  ['all events pending', () => false],
  ['every third event stored', (index: number) => index % 3 === 0],
  ['all events stored', () => true],
])('search returns the same with %s', async (_state, isDrained) => {
  await writeEntityEvents(store.db, occurrences, 'req');
  const unrelated = { ...occurrences[0]!, type: 'other' };
  await writeEntityEvents(
    store.db,
    [
      { ...unrelated, orgId: 2 },
      { ...unrelated, entity: 'org/2' },
    ],
    'req',
  );
  await drain(isDrained);
  const all = occurrences.map(({ type }, number) => `${number} ${type}`);
  expect(await search()).toEqual(all);
  expect(await search({ limit: 3 })).toEqual(all.slice(-3));
  expect(await search({ since: minute(4) })).toEqual(all.slice(4));
  expect(await search({ since: minute(4), limit: 3 })).toEqual(all.slice(4, 7));
  expect(await search({ since: new Date(minute(4).getTime() + 1), limit: 1 })).toEqual(['5 call']);
  expect(await search({ type: 'call', limit: 2 })).toEqual(['7 call', '9 call']);
  expect(await search({ type: 'call', since: minute(2), limit: 2 })).toEqual(['3 call', '5 call']);
  expect(await search({ type: 'unused-type' })).toEqual([]);
  expect(await search({ since: minute(10) })).toEqual([]);
  expect([await search({}, 2), await search({}, 1, 'org/2')]).toEqual([['0 other'], ['0 other']]);
  expect(await search({}, 2, 'org/2')).toEqual([]);
});

test('search orders events of the same time by id, with and without since', async () => {
  const at = minute(0).toISOString();
  const events = ['c', 'a', 'B', 'b'].map((id) => ({ id, type: id, at, data: {} }));
  await seedEntityEvents(store.db, 1, entity, events);
  expect(await search()).toEqual(['0 B', '0 a', '0 b', '0 c']);
  expect(await search({ limit: 2 })).toEqual(['0 b', '0 c']);
  expect(await search({ since: minute(0), limit: 2 })).toEqual(['0 B', '0 a']);
});

test('seedEntityEvents keeps an event that is already stored', async () => {
  const event = { id: 'evt-reg-001', type: 'registration', at: '2024-01-15T10:00:00Z', data: { a: 1 } };
  await seedEntityEvents(store.db, 1, entity, [event]);
  await seedEntityEvents(store.db, 1, entity, [{ ...event, data: { a: 2 } }]);
  expect(await entityEvents(store.db).search(1, entity, { limit: 10 })).toEqual([
    { ...event, at: new Date(event.at) },
  ]);
});
