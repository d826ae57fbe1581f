import { setTimeout as sleep } from 'node:timers/promises';
import { keyWith, testUserId, type ErrorBody, type TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entities } from '../entities/entity.repository.ts';
import { createTestActivity, type TestActivity } from '../testing.ts';
import { seedLogs } from './seed-logs.ts';

interface ImportBody extends ErrorBody {
  status: string;
  imported: number;
  duplicates_skipped: number;
  received?: number;
  entity: string;
  import_id: string;
}
interface LogsBody extends ErrorBody {
  status: string;
  entity: string;
  count: number;
  total: number;
  logs: { id: string; timestamp: string; type: string; level: string; message: string; details: unknown }[];
}

let activity: TestActivity;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  activity = await createTestActivity();
  stopWorker = activity.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await activity.close();
});

let number = 0;
let ref: string;
beforeEach(() => {
  ref = `trunk/t-${(number += 1)}`;
});

const json = { accept: 'application/json', 'content-type': 'application/json' };
async function post(
  entity: string,
  body: TestRequest['body'],
  as = activity.ours.manager,
  headers: Record<string, string> = {},
) {
  return activity.call<ImportBody>(`/logs/${entity}`, {
    as,
    method: 'POST',
    body: body!,
    headers: { ...json, ...headers },
  });
}
async function read(path: string, as = activity.ours.member) {
  return activity.call<LogsBody>(`/logs/${path}`, { as, headers: { accept: 'application/json' } });
}
async function status(id: string, as = activity.ours.manager) {
  return activity.call<ImportBody>(`/logs/imports/${id}`, { as, headers: { accept: 'application/json' } });
}

function line(more: object = {}) {
  return {
    timestamp: '2024-01-15T10:30:00Z',
    type: 'call',
    message: 'Call completed',
    ...more,
  };
}
function lines(count: number, more: object = {}) {
  return Array.from({ length: count }, (_, index) => line({ message: `line ${index}`, ...more }));
}
function counts({ json: { imported, duplicates_skipped } }: { json: ImportBody }) {
  return [imported, duplicates_skipped];
}

describe('the examples of the platform document', () => {
  test('POST /logs responds with counts, and with duplicates if it is repeated', async () => {
    const body = {
      logs: [
        {
          timestamp: '2024-01-14T15:00:00Z',
          type: 'call',
          level: 'info',
          message: 'Call processed via trunk',
          details: { call_id: 'imported-001', duration: 120 },
        },
        {
          timestamp: '2024-01-14T15:30:00Z',
          type: 'call',
          level: 'warning',
          message: 'Call failed - trunk congestion',
          details: { call_id: 'imported-002', error_code: '503' },
        },
      ],
      source: 'legacy-pbx-import',
      deduplicate: true,
    };
    const first = await post('trunk/trunk_001', body);
    expect([first.status, first.json]).toEqual([
      200,
      {
        status: 'success',
        imported: 2,
        duplicates_skipped: 0,
        entity: 'trunk/trunk_001',
        import_id: expect.stringMatching(/^import-\d{8}-[0-9a-f]{32}$/) as string,
      },
    ]);
    expect(counts(await post('trunk/trunk_001', body))).toEqual([0, 2]);
    const found = (await read('trunk/trunk_001')).json;
    expect(found).toMatchObject({ status: 'success', entity: 'trunk/trunk_001', count: 2, total: 2 });
    expect(found.logs).toEqual(
      body.logs.map((entry) => ({ ...entry, id: expect.stringMatching(/^log-[0-9a-f]{32}$/) as string })),
    );
  });

  test('GET /logs filters by type, from and limit, oldest first, also with an encoded slash', async () => {
    const { orgId } = activity.ours;
    await entities(activity.db).register([{ orgId, type: 'device', id: '67890' }]);
    const seeds = ['2024-01-15T10:35:42Z', '2024-01-15T10:30:00Z', '2024-01-14T10:30:00Z'].map((at) => ({
      at,
      type: 'call',
      level: 'info' as const,
      message: `at ${at}`,
      details: null,
    }));
    for (let time = 0; time < 2; time += 1) await seedLogs(activity.db, orgId, 'device/67890', seeds);
    const query = 'type=call&from=2024-01-15T00:00:00Z&limit=50&unknown=1';
    for (const path of ['device/67890', 'device%2F67890', 'device%2f67890']) {
      const { status, json } = await read(`${path}?${query}`);
      expect([status, json.count, json.total]).toEqual([200, 2, 2]);
      expect(json.logs.map(({ timestamp }) => timestamp)).toEqual([
        '2024-01-15T10:30:00Z',
        '2024-01-15T10:35:42Z',
      ]);
    }
  });
});

describe('GET /logs', () => {
  test('filters by inclusive from and to, level and type, and returns the total of all pages', async () => {
    const logs = Array.from({ length: 10 }, (_, minute) =>
      line({
        timestamp: `2024-01-15T10:0${minute}:00.500Z`,
        type: minute % 2 ? 'sip' : 'call',
        level: minute < 3 ? 'error' : 'debug',
      }),
    );
    await post(ref, { logs });
    async function found(query: string) {
      const { count, total, logs } = (await read(`${ref}?${query}`)).json;
      return [count, total, logs[0]?.timestamp.slice(15, 16) ?? null];
    }
    expect(await found('')).toEqual([10, 10, '0']);
    expect(await found('from=2024-01-15T10:02:00.500Z&to=2024-01-15T10:04:00.500Z')).toEqual([3, 3, '2']);
    expect(await found('from=2024-01-15T12:02:00.500%2B02:00&limit=2')).toEqual([2, 8, '2']);
    expect(await found('type=sip')).toEqual([5, 5, '1']);
    expect(await found('type=sip&level=error')).toEqual([1, 1, '1']);
    expect(await found('limit=3&offset=8')).toEqual([2, 10, '8']);
    expect(await found('offset=1000000')).toEqual([0, 10, null]);
    expect(await found('type=unused')).toEqual([0, 0, null]);
  });

  test.each([
    '',
    '/',
    'trunk',
    'trunk/',
    'a/b/c',
    'a%20b/c',
    'trunk/%00',
    'trunk%2Fa%2Fb',
    '%252F',
    'trunk/..%2F',
    `trunk/${'x'.repeat(65)}`,
  ])('/logs/%s is 400 and names entity', async (path) => {
    const { status, json } = await read(path);
    expect([status, json.error?.details?.[0]?.field ?? status]).toEqual([400, 'entity']);
  });

  test('responds with XML errors unless JSON is requested', async () => {
    const response = await activity.call('/logs/trunk/unknown', { as: activity.ours.member });
    expect([response.status, response.headers['content-type']]).toEqual([
      404,
      'application/xml; charset=utf-8',
    ]);
    expect(response.body).toContain('<message>Entity not found</message>');
  });
});

describe('the organization of an entity', () => {
  test('organizations with an entity of the same id read and write their own logs only', async () => {
    await post(ref, { logs: lines(2) });
    expect((await read(ref, activity.theirs.manager)).status).toBe(404);
    await post(ref, { logs: lines(3) }, activity.theirs.manager);
    expect((await read(ref)).json.total).toBe(2);
    expect((await read(ref, activity.theirs.member)).json.total).toBe(3);
    const byAdmin = await read(ref, activity.admin);
    expect([byAdmin.status, byAdmin.json.error.details?.[0]?.field]).toEqual([400, 'org_id']);
    expect((await read(`${ref}?org_id=${activity.theirs.orgId}`, activity.admin)).json.total).toBe(3);
    expect((await read(`${ref}?org_id=${activity.theirs.orgId}`)).status).toBe(403);
    expect((await read(`${ref}?org_id=1`, activity.admin)).status).toBe(404);
    expect((await post(ref, { logs: lines(1) }, activity.admin)).status).toBe(400);
    expect(
      counts(await post(`${ref}?org_id=${activity.ours.orgId}`, { logs: lines(2) }, activity.admin)),
    ).toEqual([0, 2]);
    expect((await post(`${ref}?org_id=2147483647`, { logs: lines(1) }, activity.admin)).status).toBe(404);
  });

  test('admins address the default organization if several have the entity', async () => {
    await post(ref, { logs: lines(2) });
    await post(`${ref}?org_id=1`, { logs: lines(1) }, activity.admin);
    expect((await read(ref, activity.admin)).json.total).toBe(1);
    expect(counts(await post(ref, { logs: lines(3) }, activity.admin))).toEqual([2, 1]);
    expect((await read(ref)).json.total).toBe(2);
  });

  test('admins address the only organization with the entity, or the default one for a new one', async () => {
    await post(ref, { logs: lines(2) });
    expect((await read(ref, activity.admin)).json.total).toBe(2);
    expect(counts(await post(ref, { logs: lines(3) }, activity.admin))).toEqual([1, 2]);
    await post(`${ref}-new`, { logs: lines(1) }, activity.admin);
    expect((await read(`${ref}-new?org_id=1`, activity.admin)).json.total).toBe(1);
    expect((await read(`${ref}-new`)).status).toBe(404);
  });

  test('users, organizations and extensions must exist in the organization', async () => {
    const member = testUserId('ours-user');
    const stranger = testUserId('theirs-user');
    const { ours } = activity;
    activity.addExtension(ours.orgId, '77');
    for (const known of [`user/${member}`, `org/${ours.orgId}`, 'extension/77']) {
      expect([known, (await post(known, { logs: lines(1) })).status]).toEqual([known, 200]);
      expect((await read(known)).json.total).toBe(1);
      expect((await read(known, activity.admin)).json.total).toBe(1);
      expect([known, (await read(known, activity.theirs.manager)).status]).toEqual([known, 404]);
    }
    for (const unknown of [
      `user/${stranger}`,
      'user/0',
      'user/x',
      'user/99999999999',
      'org/1',
      'extension/78',
      'gateway/gw',
    ]) {
      expect([unknown, (await post(unknown, { logs: lines(1) })).status]).toEqual([unknown, 404]);
      expect([unknown, (await read(unknown)).status]).toEqual([unknown, 404]);
    }
  });

  test('a user without organization reads its own logs only', async () => {
    const { unassigned, admin } = activity;
    const own = `user/${testUserId('unassigned')}`;
    expect((await read(own, unassigned)).json).toMatchObject({ count: 0, total: 0, logs: [] });
    expect(counts(await post(own, { logs: lines(2) }, admin))).toEqual([2, 0]);
    expect((await read(own, unassigned)).json.total).toBe(2);
    expect((await read(own, admin)).json.total).toBe(2);
    expect((await read(own)).status).toBe(404);
    const other = await read(`user/${testUserId('ours-user')}`, unassigned);
    expect([other.status, other.json.error.message]).toEqual([
      403,
      'Not authorized to view logs for this entity.',
    ]);
    expect((await read('trunk/none', unassigned)).status).toBe(403);
  });

  test('a key with logs:write imports logs and gets import status, but cannot read logs', async () => {
    const key = keyWith(['logs:write']);
    const { status: accepted, json } = await post(ref, { logs: lines(1) }, key);
    expect(accepted).toBe(200);
    expect((await status(json.import_id, key)).status).toBe(200);
    expect((await read(ref, key)).status).toBe(403);
    expect((await post(ref, { logs: lines(1) }, activity.ours.byKey)).status).toBe(403);
  });
});

describe('deduplication', () => {
  test('skips entries of the same timestamp, type, message and details in any order of members', async () => {
    const original = line({ details: { a: 1, b: { c: [1, 2], d: null } } });
    const same = [
      line({ details: { b: { d: null, c: [1, 2] }, a: 1.0 }, level: 'error' }),
      line({ timestamp: '2024-01-15T12:30:00.000+02:00', details: { a: 1, b: { c: [1, 2], d: null } } }),
    ];
    const other = [
      line({ details: { a: '1', b: { c: [1, 2], d: null } } }),
      line({ details: { a: 1, b: { c: [2, 1], d: null } } }),
      line({ details: {} }),
      line(),
      { ...original, message: 'call completed' },
      { ...original, type: 'sip' },
      { ...original, timestamp: '2024-01-15T10:30:00.001Z' },
    ];
    expect(counts(await post(ref, { logs: [original, ...same, ...other], source: 'a' }))).toEqual([8, 2]);
    expect(counts(await post(ref, { logs: [...other, ...same], source: 'b' }))).toEqual([0, 9]);
    expect((await read(ref)).json.logs.filter(({ level }) => level === 'error')).toEqual([]);
    expect(counts(await post(`${ref}-other`, { logs: [original] }))).toEqual([1, 0]);
  });

  test('is disabled by deduplicate: false, and later imports skip what that stored', async () => {
    const logs = [line(), line(), line({ message: 'other' })];
    expect(counts(await post(ref, { logs, deduplicate: false }))).toEqual([3, 0]);
    expect(counts(await post(ref, { logs, deduplicate: false }))).toEqual([3, 0]);
    expect(counts(await post(ref, { logs }))).toEqual([0, 3]);
    const { total, logs: found } = (await read(ref)).json;
    expect([total, new Set(found.map(({ id }) => id)).size]).toEqual([6, 6]);
  });

  test('stores a line of concurrent imports once and counts it once', async () => {
    const logs = lines(3_000);
    const bodies = [logs, [...logs].reverse(), logs.slice(1_000), logs.slice(0, 2_000)];
    const responses = await Promise.all(bodies.map((logs) => post(ref, { logs })));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(responses.reduce((sum, { json }) => sum + json.imported, 0)).toBe(3_000);
    for (const [index, response] of responses.entries())
      expect(counts(response).reduce((a, b) => a + b)).toBe(bodies[index]!.length);
    expect((await read(ref)).json.total).toBe(3_000);
  });
});

describe('an invalid body', () => {
  const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  function withLine(members: string) {
    return `{"logs":[{"timestamp":"2024-01-15T10:30:00Z","type":"call","message":"m",${members}}]}`;
  }
  test.each<[string, TestRequest['body'], number, string]>([
    ['empty', '', 400, ''],
    ['truncated JSON', '{"logs":', 400, ''],
    ['null', 'null', 400, ''],
    ['a list', '[]', 400, ''],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, ''],
    [
      'a lone surrogate',
      '{"logs":[{"timestamp":"2024-01-15T10:30:00Z","type":"call","message":"\\ud800"}]}',
      400,
      'logs[0].message',
    ],
    ['no logs', '{}', 400, 'logs'],
    ['logs that are not a list', '{"logs":{}}', 400, 'logs'],
    ['an empty list', '{"logs":[]}', 400, 'logs'],
    ['100,001 entries', `{"logs":[${'1,'.repeat(100_000)}1]}`, 400, 'logs'],
    ['an entry that is not an object', '{"logs":[null]}', 400, 'logs[0]'],
    ['a NUL', withLine('"details":{"a":"\\u0000"}'), 400, 'logs[0].details'],
    ['a NUL in a name', withLine('"details":{"\\u0000":1}'), 400, 'logs[0].details'],
    ['__proto__', withLine('"details":{"__proto__":{"a":1}}'), 400, 'logs[0].details'],
    ['a huge number', withLine('"details":{"a":[1e400]}'), 400, 'logs[0].details'],
    ['deep details', withLine(`"details":{"a":${nest(40)}}`), 400, 'logs[0].details'],
    ['deep lists', nest(1_000_000), 400, ''],
    ['large details', withLine(`"details":{"a":"${'x'.repeat(70_000)}"}`), 400, 'logs[0].details'],
    [
      'a message of 4,097 characters',
      JSON.stringify({ logs: [line({ message: 'x'.repeat(4_097) })] }),
      400,
      'logs[0].message',
    ],
    ['no message', JSON.stringify({ logs: [line({ message: '' })] }), 400, 'logs[0].message'],
    [
      'a time without offset',
      JSON.stringify({ logs: [line({ timestamp: '2024-01-15T10:30:00' })] }),
      400,
      'logs[0].timestamp',
    ],
    [
      'a year before the database range',
      JSON.stringify({ logs: [line({ timestamp: '0001-01-15T10:30:00Z' })] }),
      400,
      'logs[0].timestamp',
    ],
    ['an invalid type', JSON.stringify({ logs: [line({ type: 'a b' })] }), 400, 'logs[0].type'],
    ['an empty source', JSON.stringify({ logs: [line()], source: '' }), 400, 'source'],
    ['deduplicate: "no"', JSON.stringify({ logs: [line()], deduplicate: 'no' }), 400, 'deduplicate'],
    [
      'a time in the future',
      JSON.stringify({ logs: [line(), line({ timestamp: '2999-01-15T10:30:00Z' })] }),
      422,
      'logs[1].timestamp',
    ],
    ['32 MiB and a byte', Buffer.alloc(32 * 1024 * 1024 + 1, 32), 413, ''],
    ['millions of lists', `{"a":[${'[[[[]]]],'.repeat(3_700_000)}1]}`, 413, ''],
  ])('%s is %3$i', async (_case, body, expected, field) => {
    const { status, json } = await post(ref, body);
    expect([status, json.error?.details?.[0]?.field ?? '']).toEqual([expected, field]);
    expect((await read(ref)).status).toBe(404);
  });

  test('is refused with at most twenty problems and stores nothing', async () => {
    const { status, json } = await post(ref, {
      logs: [line(), ...Array.from({ length: 1_000 }, () => ({}))],
    });
    expect([status, json.error.details?.length]).toEqual([400, 20]);
    expect((await read(ref)).status).toBe(404);
  });

  test('of another media type is 415', async () => {
    expect((await post(ref, 'x', activity.ours.manager, { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('unknown members and a byte order mark are ignored', async () => {
    const body = `\ufeff${JSON.stringify({ logs: [line({ vendor: { a: 1 } })], more: [] })}`;
    expect(counts(await post(ref, body))).toEqual([1, 0]);
  });
});

test('an import of 100,000 entries is stored completely and does not block other requests', async () => {
  const logs = Array.from({ length: 100_000 }, (_, index) =>
    line({ message: `line ${index}`, details: { call_id: `call-${index}`, duration: index } }),
  );
  const body = JSON.stringify({ logs });
  await post(ref, { logs: lines(1) });
  let turns = 0;
  let done = false;
  const importing = post(ref, body).finally(() => (done = true));
  while (!done) {
    await sleep(1);
    turns += 1;
  }
  const { json } = await importing;
  await expect
    .poll(async () => (await status(json.import_id)).json, { timeout: 60_000, interval: 500 })
    .toMatchObject({
      status: 'stored',
      imported: 100_000,
      received: 100_000,
    });
  expect((await read(`${ref}?limit=1`)).json.total).toBe(100_001);
  // Parsing in this thread would allow only a few turns of the event loop. The worker also runs here.
  expect(turns).toBeGreaterThan(200);
}, 120_000);
