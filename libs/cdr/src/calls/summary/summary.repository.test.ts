import { setImmediate as turn } from 'node:timers/promises';
import { Prisma, type Queryable } from '@oriontel/database';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CdrPayload } from '../../parse/cdr-intake.ts';
import { readSubmission } from '../../parse/read-submission.ts';
import { callRecords } from '../call-record.repository.ts';
import { uniqueInIdOrder } from '../unique-in-id-order.ts';
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

/** A random record: two hours, three trunks or none, four dispositions, both legs. */
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

async function insertRecords(tx: Queryable, records: unknown[], orgId = 1): Promise<void> {
  const source = `node-${orgId}`;
  const payload: CdrPayload = { format: 'platform', batchId: 'b', source, sgapiReference: 'r', records };
  const legs = readSubmission({ orgId, payload }, null).flatMap((record) => (record.ok ? [record.leg] : []));
  await callRecords(tx).insert(uniqueInIdOrder(legs));
}

function storeRecords(records: unknown[], orgId = 1): Promise<void> {
  return store.db.$transaction((tx) => insertRecords(tx, records, orgId));
}

const EVERYTHING = splitRange(undefined, undefined);
const FIRST = { limit: 500, offset: 0 };
async function total(orgId: number | null = 1) {
  return (await callSummary(store.db).read(orgId, EVERYTHING, {}, [], FIRST)).total;
}

/** Compares stored legs and summary in one statement, so that both are of the same snapshot. */
async function compare() {
  const [row] = await store.db.$queryRaw<[{ differences: number; rows: number }]>`
    WITH counted AS (
      SELECT org_id, hour, trunk_id, source, leg, disposition, sum(calls) AS calls, sum(billsec) AS billsec
      FROM (
        TABLE cdr_summary
        UNION ALL
        SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec
        FROM cdr_summary_deltas
      ) AS part
      GROUP BY 1, 2, 3, 4, 5, 6
      HAVING sum(calls) <> 0 OR sum(billsec) <> 0
    ),
    rows AS (
      SELECT
        org_id,
        date_trunc('hour', start_time, 'UTC') AS hour,
        coalesce(trunk_id, '') AS trunk_id,
        source,
        leg,
        disposition,
        count(*)::numeric AS calls,
        sum(billsec)::numeric AS billsec
      FROM cdrs
      GROUP BY 1, 2, 3, 4, 5, 6
    ),
    surplus AS (TABLE counted EXCEPT TABLE rows),
    missing AS (TABLE rows EXCEPT TABLE counted)
    SELECT
      (SELECT count(*) FROM cdrs)::int AS rows,
      ((SELECT count(*) FROM surplus) + (SELECT count(*) FROM missing))::int AS differences`;
  return row;
}
async function expectExact(rows: number): Promise<void> {
  expect(await compare()).toEqual({ differences: 0, rows });
}

test('insert counts new legs only, and the summary is exact before and after folding', async () => {
  const records = anyRecords(300);
  await storeRecords([...records.slice(0, 200), ...records.slice(0, 50)]);
  await storeRecords([
    ...records.slice(100),
    ...records.slice(0, 20).map((record) => ({ ...record, caller: '+14155550000', billsec: 59 })),
  ]);
  await expectExact(300);
  expect((await total()).calls).toBe(300);
  expect(await foldSummary(store.db)).toBeGreaterThan(0);
  await expectExact(300);
  expect((await total()).calls).toBe(300);
  expect(await store.db.cdrSummaryDelta.count()).toBe(0);
});

test('the summary equals the stored legs at any time while four workers store and two fold', async () => {
  const batches = Array.from({ length: 24 }, () => anyRecords(40));
  let isDone = false;
  async function worker(nth: number) {
    // Each worker stores its own batches, and repeats every third batch of the others.
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
  await expectExact(960);
  expect(new Set(seen).size).toBeGreaterThan(2);
  await foldSummary(store.db);
  await expectExact(960);
});

test('the summary does not count legs of a transaction that was rolled back', async () => {
  const rolledBack = store.db.$transaction(async (tx) => {
    await insertRecords(tx, anyRecords(10));
    throw new Error('rolled back');
  });
  await expect(rolledBack).rejects.toThrow('rolled back');
  await expectExact(0);
  expect(await total()).toEqual({ calls: 0, answered: 0, billsec: 0, talked: 0 });
});

describe('countLegs', () => {
  beforeEach(async () => {
    await storeRecords(anyRecords(200));
    await storeRecords(anyRecords(50), 7);
    await foldSummary(store.db);
  });
  const legs = Prisma.sql`legs`;

  test('moves updated legs to their new counts', async () => {
    await store.db.$executeRaw`
      WITH before AS (
        SELECT id, start_time, disposition, trunk_id, billsec
        FROM cdrs
        WHERE disposition = 'BUSY'
      ),
      after AS (
        UPDATE cdrs
        SET disposition = 'ANSWERED', trunk_id = NULL, billsec = cdrs.billsec + 5
        FROM before
        WHERE cdrs.id = before.id
        RETURNING
          cdrs.org_id, cdrs.start_time, cdrs.source, cdrs.leg, cdrs.trunk_id, cdrs.disposition, cdrs.billsec,
          before.trunk_id AS old_trunk, before.disposition AS old_disposition, before.billsec AS old_billsec
      ),
      legs AS (
        SELECT
          org_id, start_time, old_trunk AS trunk_id, source, leg,
          old_disposition AS disposition, old_billsec AS billsec
        FROM after
      ),
      subtracted AS (${countLegs(legs, -1)})
      ${countLegs(Prisma.sql`after`, 1)}`;
    await expectExact(250);
    await foldSummary(store.db);
    await expectExact(250);
    const { groups } = await callSummary(store.db).read(null, EVERYTHING, {}, ['disposition'], FIRST);
    expect(groups.map(({ disposition }) => disposition)).not.toContain('BUSY');
  });

  test.each([
    ['all legs', Prisma.sql`TRUE`, 0],
    ['the legs of one organization', Prisma.sql`org_id = 1`, 50],
  ])('subtracts %s when they are deleted, and folding removes empty rows', async (_what, where, left) => {
    await store.db.$executeRaw`
      WITH legs AS (
        DELETE FROM cdrs
        WHERE ${where}
        RETURNING ${COUNTED_COLUMNS}
      )
      ${countLegs(legs, -1)}`;
    await expectExact(left);
    await foldSummary(store.db);
    await expectExact(left);
    expect(await store.db.cdrSummary.count({ where: { calls: 0 } })).toBe(0);
  });

  test('read returns the sums of the stored legs for any range and grouping', async () => {
    for (let i = 0; i < 40; i += 1) {
      const [from, to] = [Math.random(), Math.random()]
        .sort()
        .map((part) => new Date(Date.parse('2024-01-15T09:30:00Z') + Math.floor(part * 3 * 3_600_000)));
      const grouping = GROUPINGS.filter((one) => one !== 'day' && Math.random() < 0.5);
      const trunkId = pick(['t-1', undefined]);
      const filter = { trunkId, leg: pick(['a', undefined] as const) };
      const read = await callSummary(store.db).read(1, splitRange(from, to), filter, grouping, FIRST);
      const [rows] = await store.db.$queryRaw<object[]>`
        SELECT
          count(*)::int AS calls,
          count(*) FILTER (WHERE disposition = 'ANSWERED')::int AS answered,
          coalesce(sum(billsec), 0)::int AS billsec,
          coalesce(sum(billsec) FILTER (WHERE disposition = 'ANSWERED'), 0)::int AS talked
        FROM cdrs
        WHERE org_id = 1
          AND start_time BETWEEN ${from} AND ${to}
          AND (${trunkId ?? null}::text IS NULL OR trunk_id = ${trunkId ?? null})
          AND (${filter.leg ?? null}::text IS NULL OR leg = ${filter.leg ?? null})`;
      expect(read.total).toEqual(rows);
      const sums = (name: 'calls' | 'billsec') => read.groups.reduce((sum, group) => sum + group[name], 0);
      if (grouping.length)
        expect([sums('calls'), sums('billsec')]).toEqual([read.total.calls, read.total.billsec]);
    }
  });
});

test('read returns consecutive pages of groups, each with the number of all groups', async () => {
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

test('fold does nothing and does not wait while another process folds', async () => {
  await storeRecords(anyRecords(20));
  await store.db.$transaction(async (tx) => {
    expect(await callSummary(tx).fold(1)).toBe(1);
    expect(await foldSummary(store.db)).toBe(0);
  });
  await expectExact(20);
});
