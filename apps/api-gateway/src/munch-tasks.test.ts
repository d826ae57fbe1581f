import { buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDeadLetter } from './route-cases/forwarding.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

interface Answered {
  status: string;
  task_id: string;
  task_type: string;
  queued_at: string;
  estimated_records: number;
  priority: string;
}
interface Task {
  task_id: string;
  state: string;
  priority: string;
  org_id: number | null;
  requested_by: string;
  progress: number;
  counts: Record<string, number>;
  date_range: { start: string | null; end: string | null };
  error: string | null;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(
  () =>
    gateway.db.$executeRaw`TRUNCATE munch_tasks, cdrs, cdr_summary, cdr_summary_deltas, quarantine, intake`,
);

function ask(method: 'PUT' | 'POST', body: object, as = gateway.ours.manager) {
  return gateway.call<Answered>('/cdrmunch/task', { method, as, body });
}
async function put(body: object, as?: string): Promise<Answered> {
  const { status, json, body: text } = await ask('PUT', body, as);
  expect([status, text]).toEqual([200, expect.anything()]);
  return json;
}
async function read(id: string, as = gateway.admin): Promise<Task> {
  return (await gateway.call<{ data: Task }>(`/cdrmunch/task/${id}`, { as })).json.data;
}
function cancel(id: string, as = gateway.ours.manager) {
  return gateway.call(`/cdrmunch/task/${id}`, { method: 'DELETE', as });
}

const worker = () => onTestFinished(gateway.startTaskRunner());
/** What the task came to. */
async function finished(id: string): Promise<Task> {
  await vi.waitFor(async () => expect((await read(id)).state).not.toMatch(/queued|running/), 20_000);
  return read(id);
}
async function done(body: object, as?: string): Promise<Record<string, number>> {
  const { task_id } = await put(body, as);
  const { state, counts, progress, error } = await finished(task_id);
  expect({ state, progress, error }).toEqual({ state: 'done', progress: 100, error: null });
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function at(start: string) {
  return {
    start_time: start,
    end_time: new Date(Date.parse(start) + 60_000).toISOString(),
    duration: 60,
  };
}
async function send(records: object[], as = gateway.ours.byKey): Promise<void> {
  const { status } = await gateway.call('/cdr/batch', {
    as,
    body: { source: 'node', records, partial: true },
  });
  expect(status).toBe(200);
}
/** Accepts, and waits until it is stored. */
async function store(records: object[], as?: string): Promise<void> {
  await send(records, as);
  await vi.waitFor(async () => expect(await gateway.db.intakeRow.count()).toBe(0), 10_000);
}
async function callIds(): Promise<string[]> {
  return (await gateway.db.cdr.findMany({ select: { callId: true } })).map(({ callId }) => callId).sort();
}
/** What the summary says beside what is there. */
async function expectSummaryToBeRight(): Promise<void> {
  const [row] = await gateway.db.$queryRaw<[{ wrong: bigint }]>`
    SELECT count(*) AS wrong FROM (
      SELECT org_id, date_trunc('hour', start_time, 'UTC'), coalesce(trunk_id, ''), source, leg, disposition, count(*), sum(billsec) FROM cdrs GROUP BY 1, 2, 3, 4, 5, 6
      EXCEPT
      SELECT org_id, hour, trunk_id, source, leg, disposition, sum(calls), sum(billsec) FROM
        (SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec FROM cdr_summary
         UNION ALL SELECT org_id, hour, trunk_id, source, leg, disposition, calls, billsec FROM cdr_summary_deltas) AS part
      GROUP BY 1, 2, 3, 4, 5, 6) AS difference`;
  const [sums] = await gateway.db.$queryRaw<[{ counted: bigint; there: bigint }]>`
    SELECT (SELECT coalesce(sum(calls), 0) FROM (SELECT calls FROM cdr_summary UNION ALL SELECT calls FROM cdr_summary_deltas) AS part)::bigint AS counted,
      (SELECT count(*) FROM cdrs) AS there`;
  expect(row.wrong).toBe(0n);
  expect(sums.counted).toBe(sums.there);
}

/** For all tests of a block: without it what is accepted stays in the intake. */
function keepStoring(): void {
  let stop: () => Promise<void>;
  beforeAll(() => void (stop = gateway.startWorker()));
  afterAll(() => stop());
}

describe('asking for a task', () => {
  test('answers as documented, with an id that never comes again', async () => {
    const first = await put({
      task_type: 'process',
      date_range: { end: '2024-01-15' },
      priority: 'high',
      surprise: 1,
    });
    expect(first).toEqual({
      status: 'success',
      task_id: expect.stringMatching(/^cdrmunch-task-\d{8}-\d{25}$/) as string,
      task_type: 'process',
      queued_at: expect.stringMatching(/Z$/) as string,
      estimated_records: 0,
      priority: 'high',
    });
    const second = await put({ task_type: 'process', date_range: { start: '2024-01-16' } });
    expect(second.priority).toBe('normal');
    expect(second.task_id).not.toBe(first.task_id);
  });

  test('means all organizations for an admin who names none, and its own for a manager', async () => {
    const all = await put({ task_type: 'process', date_range: { end: '2024-01-01' } }, gateway.admin);
    const own = await put({ task_type: 'process', date_range: { start: '2024-01-02' } });
    const one = await put({ task_type: 'reprocess', org_id: gateway.theirs.orgId }, gateway.admin);
    const orgs = await Promise.all([all, own, one].map(async ({ task_id }) => (await read(task_id)).org_id));
    expect(orgs).toEqual([null, gateway.ours.orgId, gateway.theirs.orgId]);
    expect((await ask('PUT', { task_type: 'process', org_id: 2_147_483_647 }, gateway.admin)).status).toBe(
      404,
    );
    const listed = await gateway.call<{ data: Task[] }>('/cdrmunch/task', { as: gateway.ours.manager });
    expect(listed.json.data.map(({ task_id }) => task_id)).toEqual([own.task_id]);
    for (const hidden of [all, one]) expect((await cancel(hidden.task_id)).status).toBe(404);
  });

  test.each([
    ['the same', {}, {}, 409],
    ['a range that overlaps by a millisecond', { start: '2024-01-15T23:59:59.999Z' }, {}, 409],
    ['no range', null, {}, 409],
    ['the day after', { start: '2024-01-16', end: '2024-01-16' }, {}, 200],
    ['the day before', { end: '2024-01-14' }, {}, 200],
    ['another type', {}, { task_type: 'reprocess' }, 200],
  ])('beside one of a day: %s', async (_what, range, more, status) => {
    const day = { start: '2024-01-15', end: '2024-01-15' };
    await put({ task_type: 'process', date_range: day });
    const date_range = range && { ...(Object.keys(range).length ? {} : day), ...range };
    const answer = await ask('PUT', { task_type: 'process', date_range, ...more });
    expect(answer.status).toBe(status);
    if (status === 409)
      expect(answer.body).toMatch(/<code>409<\/code>\s*<message>Conflicting task already running/);
  });

  test("one of all organizations is in everybody's way, one's own in nobody else's", async () => {
    await put({ task_type: 'process' });
    expect((await ask('PUT', { task_type: 'process' }, gateway.theirs.manager)).status).toBe(200);
    expect((await ask('PUT', { task_type: 'process' }, gateway.admin)).status).toBe(409);
    await gateway.db.$executeRaw`TRUNCATE munch_tasks`;
    await put({ task_type: 'process' }, gateway.admin);
    expect((await ask('PUT', { task_type: 'process' })).status).toBe(409);
  });

  test('of many at once that overlap exactly one is queued', async () => {
    const hours = Array.from(
      { length: 12 },
      (_, hour) => `2024-01-15T${String(hour).padStart(2, '0')}:00:00Z`,
    );
    const answers = await Promise.all(
      hours.map((start) =>
        ask('PUT', { task_type: 'cleanup', date_range: { start, end: '2024-01-15T12:00:00Z' } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(11).fill(409)]);
    expect(await gateway.db.munchTask.count()).toBe(1);
  });

  test('by POST changes the priority of the equal one that waits, and queues what is not there', async () => {
    const body = { task_type: 'reprocess', date_range: { start: '2024-01-15' } };
    const made = (await ask('POST', body)).json;
    const changed = (await ask('POST', { ...body, priority: 'high' })).json;
    expect(changed).toEqual({ ...made, priority: 'high' });
    expect((await ask('POST', body)).json.priority).toBe('high');
    expect((await ask('POST', { ...body, date_range: { start: '2024-01-14' } })).status).toBe(409);
    expect((await ask('PUT', body)).status).toBe(409);
    await gateway.db.$executeRaw`UPDATE munch_tasks SET state = 'running', lease_until = 'infinity'`;
    expect((await ask('POST', body)).status).toBe(409);
    expect(await gateway.db.munchTask.count()).toBe(1);
  });

  test('in JSON gets its errors in XML as the platform document wants them', async () => {
    const answer = await ask('PUT', { task_type: 'cleanup', date_range: {} });
    expect([answer.status, answer.headers['content-type']]).toEqual([
      400,
      expect.stringContaining('application/xml'),
    ]);
    expect(answer.body).toContain('date_range.end');
  });
});

describe('cancelling', () => {
  test('is done once, seen by all, and lets the next one in', async () => {
    const body = { task_type: 'process' };
    const { task_id } = await put(body);
    expect((await cancel(task_id, gateway.theirs.manager)).status).toBe(404);
    expect((await cancel(task_id)).status).toBe(204);
    expect((await cancel(task_id)).status).toBe(204);
    expect((await read(task_id)).state).toBe('cancelled');
    const next = await put(body);
    worker();
    await finished(next.task_id);
    expect((await cancel(next.task_id)).status).toBe(409);
    expect((await read(task_id)).state).toBe('cancelled');
  });
});

describe('process', () => {
  test('stores what waits in the intake and what in quarantine can be stored now, and counts every record', async () => {
    const [fresh, again] = [buildRecord({ call_id: 'fresh' }), buildRecord({ call_id: 'again' })];
    await send([fresh, buildRecord({ call_id: 'hopeless', end_time: '2020-01-01T00:00:00Z' })]);
    await send([buildRecord({ call_id: 'elsewhere' })], gateway.theirs.byKey);
    // As its worker left it when it failed at it each time: a whole submission.
    await send([again, buildRecord({ call_id: 'again-2', caller: '\u0000\ud800' })]);
    await gateway.db.$executeRaw`
      WITH poison AS (DELETE FROM intake WHERE payload::text LIKE '%again%' RETURNING *)
      INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, fingerprint, request_id, accepted_at)
      SELECT gen_random_uuid(), queue, org_id, key, 'poison', '', payload, 'f', request_id, accepted_at FROM poison`;
    worker();
    const { task_id, estimated_records } = await put({ task_type: 'process' });
    expect(estimated_records).toBe(4);
    const { state, counts } = await finished(task_id);
    expect(state).toBe('done');
    expect(counts).toMatchObject({ processed: 4, duplicates: 0 });
    expect(counts['stored']! + counts['quarantined']!).toBe(4);
    expect(await callIds()).toEqual(expect.arrayContaining(['again', 'fresh']));
    expect(await callIds()).not.toContain('elsewhere');
    expect(await gateway.db.intakeRow.count()).toBe(1);
    await expectSummaryToBeRight();
    // What is still bad is there once, as it was; and a second task finds it and nothing else.
    const left = await gateway.db.quarantineItem.count();
    expect(left).toBe(counts['quarantined']);
    await finished((await put({ task_type: 'process' })).task_id);
    expect(await gateway.db.quarantineItem.count()).toBe(left);
  });

  test('looks at when it was accepted, and leaves the rest alone', async () => {
    await send([buildRecord({ call_id: 'old' })]);
    await gateway.db.$executeRaw`UPDATE intake SET accepted_at = '2024-03-01T12:00:00Z'`;
    await send([buildRecord({ call_id: 'new' })]);
    worker();
    expect(
      await done({ task_type: 'process', date_range: { start: '2024-03-01', end: '2024-03-01' } }),
    ).toEqual({
      processed: 1,
      stored: 1,
    });
    expect(await callIds()).toEqual(['old']);
    expect(await gateway.db.intakeRow.count()).toBe(1);
  });

  test('sends the dead letters of the range to the Service Gateway again, and no others', async () => {
    const stopStoring = gateway.startWorker();
    const old = await createDeadLetter(gateway);
    await gateway.db.$executeRaw`UPDATE cdr_forwardings SET accepted_at = '2024-03-01T12:00:00Z'`;
    const newer = await createDeadLetter(gateway);
    await stopStoring();
    worker();
    async function stateOf(submissionId: string) {
      return (await gateway.db.cdrForwarding.findUniqueOrThrow({ where: { submissionId } })).state;
    }
    await done({ task_type: 'process', date_range: { start: '2024-03-01', end: '2024-03-01' } });
    expect([await stateOf(old), await stateOf(newer)]).toEqual(['pending', 'dead']);
    await done({ task_type: 'process' });
    expect(await stateOf(newer)).toBe('pending');
  });
});

describe('reprocess', () => {
  keepStoring();

  test("reads the raw records again by today's rules, in place, and counts what that changed", async () => {
    const { ours, db, call } = gateway;
    await store([
      buildRecord({ call_id: 'national', caller: '030 123456', ...at('2024-01-15T10:30:00Z') }),
      buildRecord({ call_id: 'other-day', caller: '030 123456', ...at('2024-01-16T10:30:00Z') }),
      buildRecord({ call_id: 'e164', ...at('2024-01-15T10:30:01Z') }),
      buildRecord({ call_id: 'unreadable', ...at('2024-01-15T10:30:02Z') }),
    ]);
    await store([buildRecord({ call_id: 'theirs', caller: '030 123456' })], gateway.theirs.byKey);
    await db.$executeRaw`UPDATE cdrs SET raw = '{"call_id":"unreadable"}' WHERE call_id = 'unreadable'`;
    await db.$executeRaw`UPDATE cdrs SET disposition = 'FAILED', billsec = 0, trunk_id = 'gone' WHERE call_id = 'e164'`;
    const before = await db.cdr.findMany({
      select: { id: true, callId: true, storedAt: true },
      orderBy: { callId: 'asc' },
    });
    await call(`/organizations/${ours.orgId}`, { method: 'PUT', as: ours.manager, body: { region: 'DE' } });
    onTestFinished(async () => {
      await call(`/organizations/${ours.orgId}`, { method: 'PUT', as: ours.manager, body: { region: null } });
    });
    worker();
    const body = { task_type: 'reprocess', date_range: { start: '2024-01-15', end: '2024-01-15' } };
    expect(await done(body)).toEqual({ processed: 3, changed: 2, failed: 1 });
    const after = await db.cdr.findMany({ orderBy: { callId: 'asc' } });
    expect(after.map(({ id, callId, storedAt }) => ({ id, callId, storedAt }))).toEqual(before);
    const by = Object.fromEntries(after.map((row) => [row.callId, row]));
    expect(by['national']).toMatchObject({ caller: '+4930123456', callerRaw: '030 123456' });
    expect(by['e164']).toMatchObject({ disposition: 'ANSWERED', billsec: 60, trunkId: 'trunk_001' });
    expect(by['other-day']!.caller).not.toBe('+4930123456');
    expect(by['theirs']!.caller).not.toBe('+4930123456');
    expect(await done(body)).toEqual({ processed: 3, unchanged: 2, failed: 1 });
  });

  test('keeps the link that another leg made, and corrects the summary with the calls', async () => {
    const { db } = gateway;
    await store([
      buildRecord({ call_id: 'leg-a', ...at('2024-01-15T10:30:00Z') }),
      buildRecord({ call_id: 'leg-b', linked_call_id: 'leg-a', leg: 'b', ...at('2024-01-15T10:30:01Z') }),
    ]);
    // Stored by older rules, and counted by them.
    await db.$executeRaw`UPDATE cdrs SET disposition = 'BUSY', billsec = 1`;
    await db.$executeRaw`UPDATE cdr_summary_deltas SET disposition = 'BUSY', billsec = calls`;
    await expectSummaryToBeRight();
    worker();
    expect(await done({ task_type: 'reprocess' })).toEqual({ processed: 2, changed: 2 });
    await expectSummaryToBeRight();
    const links = await db.cdr.findMany({
      select: { callId: true, linkedCallId: true },
      orderBy: { callId: 'asc' },
    });
    expect(links).toEqual([
      { callId: 'leg-a', linkedCallId: 'leg-b' },
      { callId: 'leg-b', linkedCallId: 'leg-a' },
    ]);
  });

  test('goes through more calls than one bite holds', async () => {
    await store(
      Array.from({ length: 2_345 }, (_, i) => buildRecord(at(new Date(1_705_314_600_000 + i).toISOString()))),
    );
    worker();
    expect(await done({ task_type: 'reprocess' })).toEqual({ processed: 2_345, unchanged: 2_345 });
  });
});

describe('cleanup', () => {
  keepStoring();

  function place() {
    return gateway.db.$queryRaw<{ name: string | null }[]>`SELECT to_regclass('cdrs_2019_05')::text AS name`;
  }
  const makeMonth = () => gateway.db.$executeRaw`SELECT make_month_partition('cdrs', '2019-05-10')`;

  test('deletes the calls of the range and what went to quarantine in it, and nobody else loses any', async () => {
    const hopeless = { end_time: '2020-01-01T00:00:00Z' };
    await store([
      buildRecord({ call_id: 'before', ...at('2024-01-14T23:59:59.999Z') }),
      buildRecord({ call_id: 'first', ...at('2024-01-15T00:00:00Z') }),
      buildRecord({ call_id: 'last', ...at('2024-01-15T23:59:59.999Z') }),
      buildRecord({ call_id: 'after', ...at('2024-01-16T00:00:00Z') }),
      buildRecord({ call_id: 'bad', ...hopeless }),
      buildRecord({ call_id: 'bad and old', ...hopeless }),
    ]);
    await store([buildRecord({ call_id: 'theirs', ...at('2024-01-15T12:00:00Z') })], gateway.theirs.byKey);
    await gateway.db
      .$executeRaw`UPDATE quarantine SET accepted_at = '2024-01-15T12:00:00Z' WHERE payload::text LIKE '%bad and old%'`;
    worker();
    const body = { task_type: 'cleanup', date_range: { start: '2024-01-15', end: '2024-01-15' } };
    const { task_id, estimated_records } = await put(body);
    expect(estimated_records).toBe(3);
    expect((await finished(task_id)).counts).toMatchObject({ processed: 3, deleted: 2, written_off: 1 });
    expect(await callIds()).toEqual(['after', 'before', 'theirs']);
    expect(await gateway.db.quarantineItem.count()).toBe(1);
    await expectSummaryToBeRight();
    expect(await done(body)).toEqual({});
  });

  test('drops a month that is inside the range, for all organizations or where only one has calls in it', async () => {
    await makeMonth();
    await store([buildRecord({ call_id: 'ours', ...at('2019-05-15T10:00:00Z') })]);
    await store([buildRecord({ call_id: 'theirs', ...at('2019-05-15T11:00:00Z') })], gateway.theirs.byKey);
    worker();
    const body = { task_type: 'cleanup', date_range: { end: '2019-06-30' } };
    expect(await done(body)).toEqual({ processed: 1, deleted: 1 });
    expect(await place()).toEqual([{ name: 'cdrs_2019_05' }]);
    expect(await callIds()).toEqual(['theirs']);
    expect(await done(body, gateway.theirs.manager)).toEqual({ processed: 1, deleted: 1 });
    expect(await place()).toEqual([{ name: null }]);
    await makeMonth();
    await store([buildRecord({ call_id: 'ours', ...at('2019-05-16T10:00:00Z') })]);
    await store([buildRecord({ call_id: 'theirs', ...at('2019-05-16T11:00:00Z') })], gateway.theirs.byKey);
    expect(
      await done({ ...body, date_range: { start: '2019-05-02', end: '2019-06-30' } }, gateway.admin),
    ).toEqual({
      processed: 2,
      deleted: 2,
    });
    expect(await place()).toEqual([{ name: 'cdrs_2019_05' }]);
    await store([buildRecord({ call_id: 'ours', ...at('2019-05-17T10:00:00Z') })]);
    expect(await done(body, gateway.admin)).toEqual({ processed: 1, deleted: 1 });
    expect(await place()).toEqual([{ name: null }]);
    await expectSummaryToBeRight();
  });

  test('deletes one by one what it cannot drop, because somebody reads it', async () => {
    await makeMonth();
    await store([buildRecord({ call_id: 'ours', ...at('2019-05-15T10:00:00Z') })]);
    worker();
    const deleted = gateway.db.$transaction(
      async (tx) => {
        await tx.$executeRaw`LOCK TABLE cdrs_2019_05 IN ACCESS SHARE MODE`;
        return done({ task_type: 'cleanup', date_range: { end: '2019-06-30' } });
      },
      { timeout: 20_000 },
    );
    expect(await deleted).toEqual({ processed: 1, deleted: 1 });
    expect(await place()).toEqual([{ name: 'cdrs_2019_05' }]);
  });
});

test('of the tasks that wait the most urgent is next, then the oldest', async () => {
  const ids: string[] = [];
  for (const [day, priority] of Object.entries({ '01': 'low', '02': 'normal', '03': 'high', '04': 'high' })) {
    const date = `2024-01-${day}`;
    ids.push(
      (await put({ task_type: 'reprocess', date_range: { start: date, end: date }, priority })).task_id,
    );
  }
  worker();
  for (const id of ids) await finished(id);
  const order = await gateway.db.munchTask.findMany({ orderBy: { startedAt: 'asc' }, select: { id: true } });
  expect(order.map(({ id }) => id)).toEqual([ids[2], ids[3], ids[1], ids[0]]);
});
