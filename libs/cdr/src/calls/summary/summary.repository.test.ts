import { setImmediate as turn } from 'node:timers/promises';
import { Prisma } from '@oriontel/database';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import type { IntakeRow } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CdrPayload } from '../../parse/cdr-intake.ts';
import { storeBatch } from '../../ingest/store-batch.ts';
import { buildRecord } from '../../fixtures/build-record.ts';
import { foldSummary } from './fold-summary.ts';
import { splitRange } from './split-range.ts';
import { COUNTED_COLUMNS, countLegs } from './summary-delta.repository.ts';
import { callSummary, GROUPINGS } from './summary.repository.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE cdrs, cdr_summary, cdr_summary_deltas`);

const DISPOSITIONS = ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED'];
const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;

/** Of two hours, three trunks or none, four dispositions, two sources, both legs. */
function anyRecord() {
  const start = Date.parse('2024-01-15T10:00:00Z') + Math.floor(Math.random() * 7_200_000);
  return buildRecord({
    start_time: new Date(start).toISOString(),
    end_time: null,
    duration: 60,
    billsec: Math.floor(Math.random() * 60),
    disposition: pick(DISPOSITIONS),
    trunk_id: pick(['t-1', 't-2', 't-3', null]),
    leg: pick(['a', 'b']),
  });
}
const anyRecords = (count: number) => Array.from({ length: count }, anyRecord);

function rowOf(records: unknown[], orgId = 1): IntakeRow<CdrPayload> {
  return {
    id: uuidv7(),
    orgId,
    key: 'b',
    payload: {
      format: 'platform',
      batchId: 'b',
      source: `node-${orgId}`,
      sgapiReference: 'r',
      records,
    },
    requestId: 'req',
    acceptedAt: new Date(),
    attempts: 0,
  };
}
function storeRecords(records: unknown[], orgId = 1) {
  return store.db.$transaction((tx) =>
    storeBatch({
      regionsOf: async () => new Map(),
      registerEntities: async () => undefined,
      closeCalls: async () => undefined,
    })(tx, [rowOf(records, orgId)]),
  );
}

const EVERYTHING = splitRange(undefined, undefined);
const FIRST = { limit: 500, offset: 0 };
async function total(orgId: number | null = 1) {
  return (await callSummary(store.db).read(orgId, EVERYTHING, {}, [], FIRST)).total;
}

/** What the rows say, and what was counted: one statement, so that neither can be older than the other. */
async function compare() {
  const [row] = await store.db.$queryRaw<[{ differences: number; rows: number }]>`
    WITH counted AS (
      SELECT org_id, hour, trunk_id, source, leg, disposition, sum(calls) AS calls, sum(billsec) AS billsec
      FROM (TABLE cdr_summary UNION ALL
        SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec FROM cdr_summary_deltas) AS part
      GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(calls) <> 0 OR sum(billsec) <> 0
    ), rows AS (
      SELECT org_id, date_trunc('hour', start_time, 'UTC') AS hour, coalesce(trunk_id, '') AS trunk_id, source, leg, disposition,
        count(*)::numeric AS calls, sum(billsec)::numeric AS billsec
      FROM cdrs GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT (SELECT count(*) FROM cdrs)::int AS rows,
      ((SELECT count(*) FROM (TABLE counted EXCEPT TABLE rows) AS a) + (SELECT count(*) FROM (TABLE rows EXCEPT TABLE counted) AS b))::int AS differences`;
  return row;
}
const isExact = async (rows: number) => expect(await compare()).toEqual({ differences: 0, rows });

test('legs are counted where they belong, duplicates and conflicts not, folded or not', async () => {
  const records = anyRecords(300);
  await storeRecords([...records.slice(0, 200), ...records.slice(0, 50)]);
  await storeRecords([
    ...records.slice(100),
    ...records.slice(0, 20).map((record) => ({ ...record, caller: '+14155550000', billsec: 59 })),
  ]);
  await isExact(300);
  expect((await total()).calls).toBe(300);
  expect(await foldSummary(store.db)).toBeGreaterThan(0);
  await isExact(300);
  expect((await total()).calls).toBe(300);
  expect(await store.db.cdrSummaryDelta.count()).toBe(0);
});

test('four workers that store into the same hours, and two that fold, differ from the rows at no moment', async () => {
  const batches = Array.from({ length: 24 }, () => anyRecords(40));
  let isDone = false;
  async function worker(nth: number) {
    // Each stores its own batches, and one in three of the others' again.
    for (const [index, batch] of batches.entries())
      if (index % 4 === nth || index % 3 === 0) await storeRecords(batch);
  }
  async function folder() {
    while (!isDone) {
      await store.db.$transaction((tx) => callSummary(tx).fold(7));
      await turn();
    }
  }
  const seen: number[] = [];
  async function watcher() {
    while (!isDone) {
      const { differences, rows } = await compare();
      expect(differences).toBe(0);
      seen.push(rows);
    }
  }
  const others = Promise.all([folder(), folder(), watcher()]);
  await Promise.all([0, 1, 2, 3].map(worker)).finally(() => (isDone = true));
  await others;
  await isExact(960);
  expect(new Set(seen).size).toBeGreaterThan(2);
  await foldSummary(store.db);
  await isExact(960);
});

test('what is stored and undone was never counted', async () => {
  const gone = store.db.$transaction(async (tx) => {
    await storeBatch({
      regionsOf: async () => new Map(),
      registerEntities: async () => undefined,
      closeCalls: async () => undefined,
    })(tx, [rowOf(anyRecords(10))]);
    throw new Error('undone');
  });
  await expect(gone).rejects.toThrow('undone');
  await isExact(0);
  expect(await total()).toEqual({ calls: 0, answered: 0, billsec: 0, talked: 0 });
});

describe('what is done to stored legs', () => {
  beforeEach(async () => {
    await storeRecords(anyRecords(200));
    await storeRecords(anyRecords(50), 7);
    await foldSummary(store.db);
  });
  const legs = Prisma.sql`legs`;

  test('legs changed in place are counted out and in again', async () => {
    await store.db.$executeRaw`
      WITH before AS (SELECT id, start_time, disposition, trunk_id, billsec FROM cdrs WHERE disposition = 'BUSY'),
      after AS (
        UPDATE cdrs SET disposition = 'ANSWERED', trunk_id = NULL, billsec = cdrs.billsec + 5 FROM before WHERE cdrs.id = before.id
        RETURNING cdrs.org_id, cdrs.start_time, cdrs.source, cdrs.leg, cdrs.trunk_id, cdrs.disposition, cdrs.billsec,
          before.trunk_id AS old_trunk, before.disposition AS old_disposition, before.billsec AS old_billsec),
      legs AS (SELECT org_id, start_time, old_trunk AS trunk_id, source, leg, old_disposition AS disposition, old_billsec AS billsec FROM after),
      out AS (${countLegs(legs, -1)})
      ${countLegs(Prisma.sql`after`, 1)}`;
    await isExact(250);
    await foldSummary(store.db);
    await isExact(250);
    const { groups } = await callSummary(store.db).read(null, EVERYTHING, {}, ['disposition'], FIRST);
    expect(groups.map(({ disposition }) => disposition)).not.toContain('BUSY');
  });

  test.each([
    ['all of them', Prisma.sql`TRUE`, 0],
    ["one organization's", Prisma.sql`org_id = 1`, 50],
  ])('%s deleted are counted out, and leave no trace', async (_what, where, left) => {
    await store.db.$executeRaw`
      WITH legs AS (DELETE FROM cdrs WHERE ${where} RETURNING ${COUNTED_COLUMNS}) ${countLegs(legs, -1)}`;
    await isExact(left);
    await foldSummary(store.db);
    await isExact(left);
    expect(await store.db.cdrSummary.count({ where: { calls: 0 } })).toBe(0);
  });

  test('any range and grouping sums up to what its rows say', async () => {
    for (let i = 0; i < 40; i += 1) {
      const [from, to] = [Math.random(), Math.random()]
        .sort()
        .map((part) => new Date(Date.parse('2024-01-15T09:30:00Z') + Math.floor(part * 3 * 3_600_000)));
      const grouping = GROUPINGS.filter((one) => one !== 'day' && Math.random() < 0.5);
      const trunkId = pick(['t-1', undefined]);
      const filter = { trunkId, leg: pick(['a', undefined] as const) };
      const read = await callSummary(store.db).read(1, splitRange(from, to), filter, grouping, FIRST);
      const [rows] = await store.db.$queryRaw<object[]>`
        SELECT count(*)::int AS calls, count(*) FILTER (WHERE disposition = 'ANSWERED')::int AS answered,
          coalesce(sum(billsec), 0)::int AS billsec, coalesce(sum(billsec) FILTER (WHERE disposition = 'ANSWERED'), 0)::int AS talked
        FROM cdrs WHERE org_id = 1 AND start_time BETWEEN ${from} AND ${to}
          AND (${trunkId ?? null}::text IS NULL OR trunk_id = ${trunkId ?? null}) AND (${filter.leg ?? null}::text IS NULL OR leg = ${filter.leg ?? null})`;
      expect(read.total).toEqual(rows);
      const sums = (name: 'calls' | 'billsec') => read.groups.reduce((sum, group) => sum + group[name], 0);
      if (grouping.length)
        expect([sums('calls'), sums('billsec')]).toEqual([read.total.calls, read.total.billsec]);
    }
  });
});

test("pages of groups are each other's continuation, and say how many there are", async () => {
  await storeRecords(anyRecords(200));
  const all = await callSummary(store.db).read(1, EVERYTHING, {}, ['hour', 'trunk', 'disposition'], FIRST);
  const pages = await Promise.all(
    [0, 7, 14, 21, 28].map((offset) =>
      callSummary(store.db).read(1, EVERYTHING, {}, ['hour', 'trunk', 'disposition'], { limit: 7, offset }),
    ),
  );
  expect(pages.flatMap(({ groups }) => groups)).toEqual(all.groups);
  expect(pages.map(({ groupCount }) => groupCount)).toEqual(pages.map(() => all.groups.length));
  expect(pages.map((page) => page.total)).toEqual(pages.map(() => all.total));
});

test('one who folds while another does waits for nothing and does nothing', async () => {
  await storeRecords(anyRecords(20));
  await store.db.$transaction(async (tx) => {
    expect(await callSummary(tx).fold(1)).toBe(1);
    expect(await foldSummary(store.db)).toBe(0);
  });
  await isExact(20);
});
