import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createPartitions } from './partitions.ts';
import { isBadData } from './database-error.ts';
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
  INSERT INTO cdrs (id, org_id, call_id, leg, start_time, duration, billsec, disposition, source, batch_id, content_hash, raw)
  VALUES (gen_random_uuid(), 1, ${callId}, 'a', ${startTime}::timestamptz, 1, 1, 'answered', 'test', 'b', 'h', '{}')`;
}

async function makeMonth(time: string): Promise<boolean> {
  const [row] = await database.db.$queryRaw<[{ made: boolean }]>`
    SELECT make_month_partition('cdrs', ${time}::timestamptz) AS made`;
  return row.made;
}

function calls() {
  return database.db.$queryRaw<{ call_id: string; partition: string }[]>`
  SELECT call_id, tableoid::regclass::text AS partition FROM cdrs ORDER BY call_id`;
}

async function partitionNames(): Promise<string[]> {
  const rows = await database.db.$queryRaw<{ name: string }[]>`
    SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'cdrs'::regclass ORDER BY 1`;
  return rows.map(({ name }) => name);
}

function monthFromNow(months: number): string {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  return `cdrs_${month.toISOString().slice(0, 7).replace('-', '_')}`;
}

test('after the migrations there are last month, this month, three ahead and the default, and nothing more to make', async () => {
  const months = [-1, 0, 1, 2, 3].map(monthFromNow);
  expect(await partitionNames()).toEqual([...months, 'cdrs_default'].sort());
  expect(await createPartitions(database.db)).toBe(0);
});

test('a partition that is missing is made by whoever comes first, of many at once', async () => {
  await database.db.$executeRawUnsafe(`DROP TABLE ${monthFromNow(2)}, ${monthFromNow(3)}`);
  const made = await Promise.all([1, 2, 3, 4].map(() => createPartitions(database.db)));
  expect(made.sort()).toEqual([0, 0, 0, 2]);
});

test('a call of a month without partition is kept in the default one and found', async () => {
  await insertCall('old', '1999-05-05T00:00:00Z');
  expect(await calls()).toEqual([{ call_id: 'old', partition: 'cdrs_default' }]);
});

test('making a month moves its calls out of the default partition, to the last millisecond and no further', async () => {
  await insertCall('before', '2001-01-31T23:59:59.999Z');
  await insertCall('first', '2001-02-01T00:00:00Z');
  await insertCall('last', '2001-02-28T23:59:59.999Z');
  await insertCall('next', '2001-03-01T00:00:00Z');
  expect(await makeMonth('2001-02-14T12:00:00Z')).toBe(true);
  expect(await makeMonth('2001-02-01T00:00:00Z')).toBe(false);
  expect(await calls()).toEqual([
    { call_id: 'before', partition: 'cdrs_default' },
    { call_id: 'first', partition: 'cdrs_2001_02' },
    { call_id: 'last', partition: 'cdrs_2001_02' },
    { call_id: 'next', partition: 'cdrs_default' },
  ]);
});

test('a leg that was moved is still refused a second time', async () => {
  await insertCall('once', '2002-02-02T00:00:00Z');
  await makeMonth('2002-02-02T00:00:00Z');
  await expect(insertCall('once', '2002-02-02T00:00:00Z')).rejects.toThrow(/cdrs/);
});

test('calls that come while their month is made are all stored, each once', async () => {
  const arrived = new Set<string>();
  async function insertUntilStored(callId: string, time: string): Promise<unknown> {
    return insertCall(callId, time).then(
      () => arrived.add(callId),
      // One that is routed to the default partition while its month is attached is refused, never lost: its worker tries again.
      (error: unknown) => {
        expect(String(error)).toContain('violates partition constraint');
        expect(isBadData(error)).toBe(false);
        return insertUntilStored(callId, time);
      },
    );
  }
  const months = Array.from({ length: 12 }, (_, i) => `2003-${String(i + 1).padStart(2, '0')}-10T00:00:00Z`);
  const inserts = Array.from({ length: 240 }, (_, i) => insertUntilStored(`call-${i}`, months[i % 12]!));
  const made = await Promise.all([...inserts.slice(0, 20), ...months.map(makeMonth), ...inserts.slice(20)]);
  expect(made.filter((answer) => answer === true)).toHaveLength(12);
  const stored = await calls();
  expect(stored.map((call) => call.call_id)).toEqual([...arrived].sort());
  expect(stored).toHaveLength(240);
  expect(new Set(stored.map((call) => call.partition)).has('cdrs_default')).toBe(false);
});

test.for([
  {
    timeZone: 'UTC',
    now: '2026-12-31T23:59:59Z',
    months: ['2026_11', '2026_12', '2027_01', '2027_02', '2027_03'],
  },
  {
    timeZone: 'Asia/Tokyo',
    now: '2026-12-05T00:00:00Z',
    months: ['2026_11', '2026_12', '2027_01', '2027_02', '2027_03'],
  },
  {
    timeZone: 'America/New_York',
    now: '2026-12-05T00:00:00Z',
    months: ['2026_11', '2026_12', '2027_01', '2027_02', '2027_03'],
  },
  {
    timeZone: 'America/New_York',
    now: '2027-03-05T00:00:00Z',
    months: ['2027_02', '2027_03', '2027_04', '2027_05', '2027_06'],
  },
])('the months are the same in every time zone: $timeZone at $now', async ({ timeZone, now, months }) => {
  const own = await createTestDatabase();
  onTestFinished(own.drop);
  // A now() of our own, found before the real one.
  await own.db.$executeRawUnsafe(
    `CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '${now}' $$`,
  );
  const rows = await own.db.$queryRaw<{ name: string }[]>`
    SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'cdrs'::regclass AND inhrelid <> 'cdrs_default'::regclass`;
  for (const { name } of rows) await own.db.$executeRawUnsafe(`DROP TABLE ${name}`);
  const options = encodeURIComponent(`-c TimeZone=${timeZone} -c search_path=public,pg_catalog`);
  const db = createDatabase({ url: `${own.url}?options=${options}`, name: 'elsewhere' });
  onTestFinished(() => db.$disconnect());
  await createPartitions(db);
  const made = await own.db.$queryRaw<{ name: string }[]>`
    SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'cdrs'::regclass ORDER BY 1`;
  expect(made.map(({ name }) => name)).toEqual(
    [...months.map((month) => `cdrs_${month}`), 'cdrs_default'].sort(),
  );
});
