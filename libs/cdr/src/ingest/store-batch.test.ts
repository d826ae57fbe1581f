import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createDrain, createIntake, quarantine, type IntakeRow } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cdrIntake, type CdrPayload } from '../parse/cdr-intake.ts';
import { buildRecord } from '../fixtures/build-record.ts';
import { storeBatch } from './store-batch.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

type PlatformPayload = CdrPayload & { format: 'platform' };

function rowOf(records: unknown[], more: Partial<PlatformPayload> = {}): IntakeRow<CdrPayload> {
  const batchId = 'b';
  return {
    id: uuidv7(),
    orgId: 1,
    key: batchId,
    payload: { format: 'platform', batchId, source: 'node', sgapiReference: 'sgapi-x', records, ...more },
    requestId: 'req',
    acceptedAt: new Date(),
    attempts: 0,
  };
}

const registered: string[] = [];
const storeRows = storeBatch({
  regionsOf: async (orgIds) => new Map(orgIds.map((orgId) => [orgId, 'US'])),
  async registerEntities(_tx, entities) {
    registered.push(...entities.map(({ type, id }) => `${type}/${id}`));
  },
  closeCalls: async () => undefined,
});

function run(...rows: IntakeRow<CdrPayload>[]) {
  return store.db.$sqlTransaction((tx) => storeRows(tx, rows));
}

async function countsOf(row: { id: string }) {
  const [counts] = await store.db.$queryRaw<object[]>`
    SELECT received, stored, duplicates, conflicts, quarantined
    FROM cdr_submissions
    WHERE id = ${row.id}::uuid`;
  return counts;
}

function legsOf(callId: string) {
  return store.db.$queryRaw<{ linked: string | null; raw: unknown }[]>`
    SELECT linked_call_id AS linked, raw
    FROM cdrs
    WHERE call_id = ${callId}`;
}

test('storeBatch stores a leg of two submissions once and counts the second as a duplicate', async () => {
  const record = buildRecord();
  const [first, second] = [rowOf([record]), rowOf([record])];
  await run(first, second);
  expect(await countsOf(first)).toMatchObject({ received: 1, stored: 1, duplicates: 0 });
  expect(await countsOf(second)).toMatchObject({ received: 1, stored: 0, duplicates: 1 });
});

test('storeBatch keeps the first of two legs with one key and quarantines the other alone', async () => {
  const record = buildRecord();
  const row = rowOf([record, { ...record, callee: '+14155550000' }, buildRecord()]);
  const [item, ...others] = await run(row);
  expect(others).toEqual([]);
  expect(item).toMatchObject({ reason: 'conflict', payload: { records: [{ callee: '+14155550000' }] } });
  expect(await countsOf(row)).toEqual({
    received: 3,
    stored: 2,
    duplicates: 0,
    conflicts: 1,
    quarantined: 0,
  });
});

test.each(['before', 'with', 'after'])(
  'storeBatch links a leg with the leg it names that arrived %s it',
  async (when) => {
    const [a, b] = [buildRecord(), buildRecord()];
    const linking = { ...b, linked_call_id: a.call_id, leg: 'b' };
    const orders = { before: [[a], [linking]], with: [[linking, a]], after: [[linking], [a]] };
    for (const records of orders[when as keyof typeof orders]) await run(rowOf(records));
    expect(await legsOf(b.call_id)).toMatchObject([{ linked: a.call_id }]);
    expect(await legsOf(a.call_id)).toMatchObject([{ linked: b.call_id }]);
  },
);

test('storeBatch keeps the link of a leg that is already linked', async () => {
  const [a, b, c] = [buildRecord(), buildRecord(), buildRecord()];
  await run(rowOf([{ ...a, linked_call_id: b.call_id }, b, { ...c, linked_call_id: a.call_id }]));
  expect(await legsOf(a.call_id)).toMatchObject([{ linked: b.call_id }]);
});

test('storeBatch keeps the record as it was sent, with members it does not know', async () => {
  const record = buildRecord({ vendor: { codec: 'OPUS', mos: 4.2, note: 'a\0b \ud800' } });
  await run(rowOf([record]));
  const [{ raw }] = await store.db.$queryRaw<[{ raw: string }]>`
    SELECT raw::text AS raw
    FROM cdrs
    WHERE call_id = ${record.call_id}`;
  expect(JSON.parse(raw)).toEqual(record);
});

test('storeBatch registers each trunk and source once per batch', async () => {
  registered.length = 0;
  await run(
    rowOf([
      buildRecord({ trunk_id: 't-9' }),
      buildRecord({ trunk_id: 't-9' }),
      buildRecord({ trunk_id: null }),
    ]),
  );
  expect(registered.sort()).toEqual(['source/node', 'trunk/t-9']);
});

test('storeBatch does not deadlock on concurrent batches with the same legs in opposite order', async () => {
  const records = Array.from({ length: 300 }, () => buildRecord());
  const rows = Array.from({ length: 8 }, (_, index) => rowOf(index % 2 ? records : [...records].reverse()));
  await Promise.all(rows.map((row) => run(row)));
  const counts = (await Promise.all(rows.map(countsOf))) as { stored: number; duplicates: number }[];
  expect(counts.reduce((sum, { stored }) => sum + stored, 0)).toBe(300);
  expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(2_100);
});

test.each<[string, Partial<PlatformPayload>]>([
  ['validated on acceptance', { validated: true }],
  ['not validated on acceptance', {}],
])('storeBatch quarantines records of the wrong shape in a batch %s', async (_, more) => {
  const good = buildRecord();
  const bad = [7, null, 'text', [], {}, buildRecord({ start_time: 'today' }), buildRecord({ caller: {} })];
  const row = rowOf([good, ...bad], more);
  const items = await run(row);
  expect(items.map(({ reason }) => reason)).toEqual(bad.map(() => 'invalid'));
  // An item is validated again when it is retried.
  expect(items.map(({ payload }) => payload)).toEqual(bad.map((record) => rowOf([record]).payload));
  expect(await countsOf(row)).toMatchObject({ received: 8, stored: 1, quarantined: 7 });
});

test('storeBatch lets the drain quarantine a validated batch that the database refuses', async () => {
  const { payload } = rowOf([buildRecord({ duration: 'long' })], { validated: true });
  const noQueue = { add: async () => undefined };
  const intake = createIntake(store.db, cdrIntake, noQueue, { onUndispatched: () => undefined });
  const { id } = await intake.accept({ orgId: 1, key: 'b', value: payload, requestId: 'req' });
  await intake.close();
  const errors: unknown[] = [];
  const drain = createDrain(store.db, cdrIntake, storeRows, {
    onDrained: () => undefined,
    onPoison: (error) => errors.push(error),
  });
  await drain({ ids: [id], swept: false });
  expect(errors).toHaveLength(1);
  const items = await quarantine(store.db).list('cdr', 1, { key: 'b', limit: 10 });
  expect(items).toMatchObject([{ reason: 'poison' }]);
});
