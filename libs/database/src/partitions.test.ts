import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createPartitions, dropPartition, pastPartitions } from './partitions.ts';
import { isBadData, isUnavailable } from './database-error.ts';
import { createDatabase } from './client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.$executeRaw`DELETE FROM cdrs`);

function insertCall(callId: string, startTime: string) {
  return database.db.$executeRaw`
    INSERT INTO cdrs (
      id, org_id, call_id, leg, start_time, duration, billsec, disposition, source, batch_id,
      content_hash, raw
    )
    VALUES (
      md5(${callId})::uuid, 1, ${callId}, 'a', ${startTime}::timestamptz, 1, 1, 'answered', 'test', 'b',
      'h', '{}'
    )`;
}

async function createMonth(time: string): Promise<boolean> {
  const [row] = await database.db.$queryRaw<[{ created: boolean }]>`
    SELECT make_month_partition('cdrs', ${time}::timestamptz) AS created`;
  return row.created;
}

function storedCalls() {
  return database.db.$queryRaw<{ call_id: string; partition: string }[]>`
    SELECT call_id, tableoid::regclass::text AS partition
    FROM cdrs
    ORDER BY call_id`;
}

async function createWeek(time: string): Promise<boolean> {
  const [row] = await database.db.$queryRaw<[{ created: boolean }]>`
    SELECT make_week_partition('cdrs', ${time}::timestamptz) AS created`;
  return row.created;
}

async function partitionNames(
  { db }: Pick<TestDatabase, 'db'> = database,
  table = 'cdrs',
): Promise<string[]> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT inhrelid::regclass::text AS name
    FROM pg_inherits
    WHERE inhparent = to_regclass(${table}::text)
    ORDER BY 1`;
  return rows.map(({ name }) => name);
}

const WEEK_MS = 7 * 86_400_000;
/** 1970-01-05, the first Monday after the epoch. */
const FIRST_MONDAY_MS = 4 * 86_400_000;

/** The name of the partition whose week begins this many weeks after the current one. */
function weekFromNow(weeks: number): string {
  const week = Math.floor((Date.now() - FIRST_MONDAY_MS) / WEEK_MS) + weeks;
  const monday = new Date(FIRST_MONDAY_MS + week * WEEK_MS);
  return `cdrs_${monday.toISOString().slice(0, 10).replaceAll('-', '_')}`;
}

function monthFromNow(months: number): string {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  return `audit_events_${month.toISOString().slice(0, 7).replace('-', '_')}`;
}

test('applyMigrations creates the weeks and months around now and the default', async () => {
  const weeks = [-4, -3, -2, -1, 0, 1, 2, 3].map(weekFromNow);
  expect(await partitionNames()).toEqual([...weeks, 'cdrs_default'].sort());
  const months = [-1, 0, 1, 2, 3].map(monthFromNow);
  expect(await partitionNames(database, 'audit_events')).toEqual([...months, 'audit_events_default'].sort());
  expect(await createPartitions(database.db)).toBe(0);
});

test('concurrent createPartitions create a missing partition once', async () => {
  await database.db.$executeRawUnsafe(`DROP TABLE ${weekFromNow(2)}, ${monthFromNow(3)}`);
  const created = await Promise.all([1, 2, 3, 4].map(() => createPartitions(database.db)));
  expect(created.sort()).toEqual([0, 0, 0, 2]);
});

test('a week partition takes exactly what month partitions leave of its week', async () => {
  await createMonth('2008-02-10T00:00:00Z');
  await createMonth('2008-04-10T00:00:00Z');
  for (const time of ['2008-02-26', '2008-02-29T23:59:59Z']) expect(await createWeek(time)).toBe(false);
  for (const time of ['2008-03-02', '2008-03-31', '2008-03-12T12:00:00Z'])
    expect(await createWeek(time)).toBe(true);
  expect(await createWeek('2008-03-01T00:00:00Z')).toBe(false);
  await insertCall('saturday', '2008-03-01T00:00:00Z');
  await insertCall('monday', '2008-03-31T23:59:59Z');
  await insertCall('tuesday', '2008-04-01T00:00:00Z');
  await insertCall('middle', '2008-03-16T23:59:59Z');
  expect(await storedCalls()).toEqual([
    { call_id: 'middle', partition: 'cdrs_2008_03_10' },
    { call_id: 'monday', partition: 'cdrs_2008_03_31' },
    { call_id: 'saturday', partition: 'cdrs_2008_03_01' },
    { call_id: 'tuesday', partition: 'cdrs_2008_04' },
  ]);
});

test('workers of the previous version create partitions of today, too', async () => {
  await database.db.$executeRawUnsafe(`DROP TABLE ${weekFromNow(0)}, ${monthFromNow(0)}`);
  await database.db.$executeRaw`SELECT make_month_partitions(3)`;
  expect(await partitionNames()).toContain(weekFromNow(0));
  expect(await partitionNames(database, 'audit_events')).toContain(monthFromNow(0));
});

test('a call of a month without a partition is stored in the default partition', async () => {
  await insertCall('old', '1999-05-05T00:00:00Z');
  expect(await storedCalls()).toEqual([{ call_id: 'old', partition: 'cdrs_default' }]);
});

test('a new partition takes exactly the calls of its month from the default partition', async () => {
  await insertCall('before', '2001-01-31T23:59:59.999Z');
  await insertCall('first', '2001-02-01T00:00:00Z');
  await insertCall('last', '2001-02-28T23:59:59.999Z');
  await insertCall('next', '2001-03-01T00:00:00Z');
  expect(await createMonth('2001-02-14T12:00:00Z')).toBe(true);
  expect(await createMonth('2001-02-01T00:00:00Z')).toBe(false);
  expect(await storedCalls()).toEqual([
    { call_id: 'before', partition: 'cdrs_default' },
    { call_id: 'first', partition: 'cdrs_2001_02' },
    { call_id: 'last', partition: 'cdrs_2001_02' },
    { call_id: 'next', partition: 'cdrs_default' },
  ]);
});

test('a leg that was moved to its partition is still unique', async () => {
  await insertCall('once', '2002-02-02T00:00:00Z');
  await createMonth('2002-02-02T00:00:00Z');
  await expect(insertCall('once', '2002-02-02T00:00:00Z')).rejects.toThrow(/cdrs/);
});

test('calls inserted while their partition is created are all stored once', async () => {
  const inserted = new Set<string>();
  async function insertUntilStored(callId: string, time: string): Promise<unknown> {
    return insertCall(callId, time).then(
      () => inserted.add(callId),
      // An insert into the default partition fails while the month is attached: the worker retries it.
      (error: unknown) => {
        // On a busy machine connecting may time out: the worker retries that, too.
        if (isUnavailable(error)) return insertUntilStored(callId, time);
        expect(String(error)).toContain('violates partition constraint');
        expect(isBadData(error)).toBe(false);
        return insertUntilStored(callId, time);
      },
    );
  }
  const months = Array.from({ length: 12 }, (_, i) => `2003-${String(i + 1).padStart(2, '0')}-10T00:00:00Z`);
  // At most 10 concurrent statements, one per connection of the pool.
  async function insertLane(lane: number): Promise<void> {
    for (let i = lane; i < 240; i += 8) await insertUntilStored(`call-${i}`, months[i % 12]!);
  }
  async function createLane(lane: number): Promise<boolean[]> {
    const created: boolean[] = [];
    for (let i = lane; i < 12; i += 2) created.push(await createMonth(months[i]!));
    return created;
  }
  const [created] = await Promise.all([
    Promise.all([0, 1].map(createLane)),
    Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(insertLane)),
  ]);
  expect(created.flat()).toEqual(Array(12).fill(true));
  const stored = await storedCalls();
  expect(stored.map((call) => call.call_id)).toEqual([...inserted].sort());
  expect(stored).toHaveLength(240);
  expect(new Set(stored.map((call) => call.partition)).has('cdrs_default')).toBe(false);
});

const YEAR_END = {
  months: ['2026_11', '2026_12', '2027_01', '2027_02', '2027_03'],
  weeks: ['11_30', '12_07', '12_14', '12_21', '12_28'].map((day) => `2026_${day}`),
};
const EARLY_DECEMBER = {
  months: YEAR_END.months,
  weeks: ['11_02', '11_09', '11_16', '11_23', '11_30', '12_07', '12_14', '12_21'].map((day) => `2026_${day}`),
};

test.for([
  {
    timeZone: 'UTC',
    now: '2026-12-31T23:59:59Z',
    ...YEAR_END,
    weeks: [...YEAR_END.weeks, '2027_01_04', '2027_01_11', '2027_01_18'],
  },
  { timeZone: 'Asia/Tokyo', now: '2026-12-05T00:00:00Z', ...EARLY_DECEMBER },
  { timeZone: 'America/New_York', now: '2026-12-05T00:00:00Z', ...EARLY_DECEMBER },
  {
    timeZone: 'America/New_York',
    now: '2027-03-05T00:00:00Z',
    months: ['2027_02', '2027_03', '2027_04', '2027_05', '2027_06'],
    weeks: ['02_01', '02_08', '02_15', '02_22', '03_01', '03_08', '03_15', '03_22'].map(
      (day) => `2027_${day}`,
    ),
  },
])(
  'createPartitions creates the same weeks and months in time zone $timeZone at $now',
  async ({ timeZone, now, months, weeks }) => {
    const own = await createTestDatabase();
    onTestFinished(own.drop);
    // Shadows pg_catalog.now() by the search path below.
    await own.db.$executeRawUnsafe(
      `CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '${now}' $$`,
    );
    for (const table of ['cdrs', 'audit_events'])
      for (const name of await partitionNames(own, table))
        if (!name.endsWith('default')) await own.db.$executeRawUnsafe(`DROP TABLE ${name}`);
    const options = encodeURIComponent(`-c TimeZone=${timeZone} -c search_path=public,pg_catalog`);
    const db = createDatabase({ url: `${own.url}?options=${options}`, name: 'elsewhere' });
    onTestFinished(() => db.$disconnect());
    await createPartitions(db);
    expect(await partitionNames(own)).toEqual([...weeks, 'default'].map((week) => `cdrs_${week}`).sort());
    expect(await partitionNames(own, 'audit_events')).toEqual(
      [...months, 'default'].map((month) => `audit_events_${month}`).sort(),
    );
  },
);

test('pastPartitions lists the partitions before last month, oldest first', async () => {
  await createMonth('2005-12-10T00:00:00Z');
  await createWeek('2004-03-10T00:00:00Z');
  const listed = (await pastPartitions(database.db, 'cdrs')).filter(({ name }) => /_200[45]_/.test(name));
  expect(listed).toEqual([
    {
      name: 'cdrs_2004_03_08',
      from: new Date('2004-03-08T00:00:00Z'),
      before: new Date('2004-03-15T00:00:00Z'),
    },
    {
      name: 'cdrs_2005_12',
      from: new Date('2005-12-01T00:00:00Z'),
      before: new Date('2006-01-01T00:00:00Z'),
    },
  ]);
  const current = [-4, -3, -2, -1, 0, 1, 2, 3].map(weekFromNow);
  const names = (await pastPartitions(database.db, 'cdrs')).map(({ name }) => name);
  expect(names.filter((name) => current.includes(name))).toEqual([]);
});

test('dropPartition drops the month unless its check returns null, and returns the result', async () => {
  await createMonth('2006-06-10T00:00:00Z');
  const month = (await pastPartitions(database.db, 'cdrs')).find(({ name }) => name === 'cdrs_2006_06')!;
  const kept = await database.db.$transaction((tx) => dropPartition(tx, month, async () => null));
  expect(kept).toBeNull();
  expect(await partitionNames()).toContain('cdrs_2006_06');
  expect(await database.db.$transaction((tx) => dropPartition(tx, month, async () => 7))).toBe(7);
  expect(await partitionNames()).not.toContain('cdrs_2006_06');
});

test('dropPartition gives up as unavailable if the month is in use', async () => {
  await createMonth('2007-07-10T00:00:00Z');
  const month = (await pastPartitions(database.db, 'cdrs')).find(({ name }) => name === 'cdrs_2007_07')!;
  await database.db.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE cdrs_2007_07 IN ROW EXCLUSIVE MODE`;
    const dropped = database.db.$transaction((other) => dropPartition(other, month, async () => 1));
    await expect(dropped).rejects.toSatisfy(isUnavailable);
  });
  expect(await partitionNames()).toContain('cdrs_2007_07');
});
