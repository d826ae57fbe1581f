import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import type { IntakeRow } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { storeBatch } from './store-batch.ts';
import { buildRecord } from '../testing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

function rowOf(records: unknown[], batchId = 'b'): IntakeRow<CdrPayload> {
  return {
    id: uuidv7(),
    orgId: 1,
    key: batchId,
    payload: { format: 'platform', batchId, source: 'node', sgapiReference: 'sgapi-x', records },
    requestId: 'req',
    acceptedAt: new Date(),
    attempts: 0,
  };
}
const registered: string[] = [];
const closed: string[] = [];
function run(...rows: IntakeRow<CdrPayload>[]) {
  return store.db.$transaction((tx) =>
    storeBatch({
      regionsOf: async (orgIds) => new Map(orgIds.map((orgId) => [orgId, 'US'])),
      async registerEntities(_tx, found) {
        return void registered.push(...found.map(({ type, id }) => `${type}/${id}`));
      },
      closeCalls: async (_tx, legs) => void closed.push(...legs.map(({ callId }) => callId)),
    })(tx, rows),
  );
}
async function countsOf(row: { id: string }) {
  const [counts] = await store.db.$queryRaw<object[]>`
    SELECT received, stored, duplicates, conflicts, quarantined FROM cdr_submissions WHERE id = ${row.id}::uuid`;
  return counts;
}
function legsOf(callId: string) {
  return store.db.$queryRaw<
    { linked: string | null; raw: unknown }[]
  >`SELECT linked_call_id AS linked, raw FROM cdrs WHERE call_id = ${callId}`;
}

test('two submissions of one leg in one drain: one is stored, the other a duplicate', async () => {
  const record = buildRecord();
  const [first, second] = [rowOf([record]), rowOf([record])];
  await run(first, second);
  expect(await countsOf(first)).toMatchObject({ received: 1, stored: 1, duplicates: 0 });
  expect(await countsOf(second)).toMatchObject({ received: 1, stored: 0, duplicates: 1 });
});

test('two legs of one key and other content in one drain: the first stays, the second is quarantined by itself', async () => {
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
  'a leg is linked with the one it names that came %s it',
  async (when) => {
    const [a, b] = [buildRecord(), buildRecord()];
    const naming = { ...b, linked_call_id: a.call_id, leg: 'b' };
    const orders = { before: [[a], [naming]], with: [[naming, a]], after: [[naming], [a]] };
    for (const records of orders[when as keyof typeof orders]) await run(rowOf(records));
    expect(await legsOf(b.call_id)).toMatchObject([{ linked: a.call_id }]);
    expect(await legsOf(a.call_id)).toMatchObject([{ linked: b.call_id }]);
  },
);

test('a leg that is linked already keeps its link', async () => {
  const [a, b, c] = [buildRecord(), buildRecord(), buildRecord()];
  await run(rowOf([{ ...a, linked_call_id: b.call_id }, b, { ...c, linked_call_id: a.call_id }]));
  expect(await legsOf(a.call_id)).toMatchObject([{ linked: b.call_id }]);
});

test('the record is kept as it came, unknown members and all', async () => {
  const record = buildRecord({ vendor: { codec: 'OPUS', mos: 4.2, note: 'a\0b \ud800' } });
  await run(rowOf([record]));
  const [{ raw }] = await store.db.$queryRaw<
    [{ raw: string }]
  >`SELECT raw::text AS raw FROM cdrs WHERE call_id = ${record.call_id}`;
  expect(JSON.parse(raw)).toEqual(record);
});

test('what trunk and source it came from is registered once a batch', async () => {
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

test('batches of the same legs in opposite order at once do not deadlock', async () => {
  const records = Array.from({ length: 300 }, () => buildRecord());
  const rows = Array.from({ length: 8 }, (_, index) => rowOf(index % 2 ? records : [...records].reverse()));
  await Promise.all(rows.map((row) => run(row)));
  const counts = (await Promise.all(rows.map(countsOf))) as { stored: number; duplicates: number }[];
  expect(counts.reduce((sum, { stored }) => sum + stored, 0)).toBe(300);
  expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(2_100);
});
