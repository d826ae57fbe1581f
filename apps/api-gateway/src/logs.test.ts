import { setTimeout as pause } from 'node:timers/promises';
import { entities, seedLogs } from '@oriontel/activity';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type RequestOptions, type ErrorBody, type TestGateway } from './testing.ts';

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

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

let number = 0;
let ref: string;
beforeEach(() => {
  ref = `trunk/t-${(number += 1)}`;
});

const json = { accept: 'application/json', 'content-type': 'application/json' };
async function post(
  entity: string,
  body: RequestOptions['body'],
  as = gateway.ours.manager,
  headers: Record<string, string> = {},
) {
  return gateway.call<ImportBody>(`/logs/${entity}`, {
    as,
    method: 'POST',
    body: body!,
    headers: { ...json, ...headers },
  });
}
async function read(path: string, as = gateway.ours.member) {
  return gateway.call<LogsBody>(`/logs/${path}`, { as, headers: { accept: 'application/json' } });
}
async function status(id: string, as = gateway.ours.manager) {
  return gateway.call<ImportBody>(`/logs/imports/${id}`, { as, headers: { accept: 'application/json' } });
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

describe("the document's examples", () => {
  test('an import answers with its counts, and the same again with duplicates', async () => {
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

  test('a log is read with type, from and limit, the oldest first, also by an encoded slash', async () => {
    const { orgId } = gateway.ours;
    await entities(gateway.db).register([{ orgId, type: 'device', id: '67890' }]);
    const seeds = ['2024-01-15T10:35:42Z', '2024-01-15T10:30:00Z', '2024-01-14T10:30:00Z'].map((at) => ({
      at,
      type: 'call',
      level: 'info' as const,
      message: `at ${at}`,
      details: null,
    }));
    for (let time = 0; time < 2; time += 1) await seedLogs(gateway.db, orgId, 'device/67890', seeds);
    const query = 'type=call&from=2024-01-15T00:00:00Z&limit=50&surprise=1';
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

describe('reading', () => {
  test('from and to include their ends; pages tell the whole; level and type narrow it', async () => {
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
    expect(await found('type=nobody-uses-it')).toEqual([0, 0, null]);
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

  test('errors are XML for whoever does not ask for JSON', async () => {
    const answer = await gateway.call('/logs/trunk/unknown', { as: gateway.ours.member });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/xml; charset=utf-8']);
    expect(answer.body).toContain('<message>Entity not found</message>');
  });
});

describe('whose it is', () => {
  async function me(as: string) {
    return (await gateway.call<{ data: { id: number } }>('/auth/me', { as })).json.data.id;
  }

  test('another organization has an entity of the same name, and neither sees the other', async () => {
    await post(ref, { logs: lines(2) });
    expect((await read(ref, gateway.theirs.manager)).status).toBe(404);
    await post(ref, { logs: lines(3) }, gateway.theirs.manager);
    expect((await read(ref)).json.total).toBe(2);
    expect((await read(ref, gateway.theirs.member)).json.total).toBe(3);
    const byAdmin = await read(ref, gateway.admin);
    expect([byAdmin.status, byAdmin.json.error.details?.[0]?.field]).toEqual([400, 'org_id']);
    expect((await read(`${ref}?org_id=${gateway.theirs.orgId}`, gateway.admin)).json.total).toBe(3);
    expect((await read(`${ref}?org_id=${gateway.theirs.orgId}`)).status).toBe(403);
    expect((await read(`${ref}?org_id=1`, gateway.admin)).status).toBe(404);
    expect((await post(ref, { logs: lines(1) }, gateway.admin)).status).toBe(400);
    expect(
      counts(await post(`${ref}?org_id=${gateway.ours.orgId}`, { logs: lines(2) }, gateway.admin)),
    ).toEqual([0, 2]);
    expect((await post(`${ref}?org_id=2147483647`, { logs: lines(1) }, gateway.admin)).status).toBe(404);
  });

  test('where several have one, an admin means that of the default organization', async () => {
    await post(ref, { logs: lines(2) });
    await post(`${ref}?org_id=1`, { logs: lines(1) }, gateway.admin);
    expect((await read(ref, gateway.admin)).json.total).toBe(1);
    expect(counts(await post(ref, { logs: lines(3) }, gateway.admin))).toEqual([2, 1]);
    expect((await read(ref)).json.total).toBe(2);
  });

  test('an admin finds the only one there is, and makes new ones in the default organization', async () => {
    await post(ref, { logs: lines(2) });
    expect((await read(ref, gateway.admin)).json.total).toBe(2);
    expect(counts(await post(ref, { logs: lines(3) }, gateway.admin))).toEqual([1, 2]);
    await post(`${ref}-new`, { logs: lines(1) }, gateway.admin);
    expect((await read(`${ref}-new?org_id=1`, gateway.admin)).json.total).toBe(1);
    expect((await read(`${ref}-new`)).status).toBe(404);
  });

  test('users, organizations and extensions are those that there are', async () => {
    const member = await me(gateway.ours.member);
    const stranger = await me(gateway.theirs.member);
    const { ours } = gateway;
    const body = { extension_number: '77', name: 'x', extension_type: 'sip', config_data: {} };
    const made = await gateway.call<{ data: { id: string } }>('/extensions', { as: ours.manager, body });
    for (const known of [
      `user/${member}`,
      `org/${ours.orgId}`,
      'extension/77',
      `extension/${made.json.data.id}`,
    ]) {
      expect([known, (await post(known, { logs: lines(1) })).status]).toEqual([known, 200]);
      expect((await read(known)).json.total).toBe(1);
      expect((await read(known, gateway.admin)).json.total).toBe(1);
      expect([known, (await read(known, gateway.theirs.manager)).status]).toEqual([known, 404]);
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

  test('who belongs to no organization reads nothing but of itself', async () => {
    const { loner, admin } = gateway;
    const own = `user/${await me(loner)}`;
    expect((await read(own, loner)).json).toMatchObject({ count: 0, total: 0, logs: [] });
    expect(counts(await post(own, { logs: lines(2) }, admin))).toEqual([2, 0]);
    expect((await read(own, loner)).json.total).toBe(2);
    expect((await read(own, admin)).json.total).toBe(2);
    expect((await read(own)).status).toBe(404);
    const other = await read(`user/${await me(gateway.ours.member)}`, loner);
    expect([other.status, other.json.error.message]).toEqual([
      403,
      'Not authorized to view logs for this entity.',
    ]);
    expect((await read('trunk/none', loner)).status).toBe(403);
  });

  test('a key with logs:write imports and follows its imports, and reads no logs', async () => {
    const key = gateway.keyWithoutScope;
    const { status: accepted, json } = await post(ref, { logs: lines(1) }, key);
    expect(accepted).toBe(200);
    expect((await status(json.import_id, key)).status).toBe(200);
    expect((await read(ref, key)).status).toBe(403);
    expect((await post(ref, { logs: lines(1) }, gateway.ours.byKey)).status).toBe(403);
  });
});

describe('duplicates', () => {
  test('are what has the same timestamp, type, message and details, in whatever order', async () => {
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

  test('are stored all the same where nobody wants them skipped, and are originals to later imports', async () => {
    const logs = [line(), line(), line({ message: 'other' })];
    expect(counts(await post(ref, { logs, deduplicate: false }))).toEqual([3, 0]);
    expect(counts(await post(ref, { logs, deduplicate: false }))).toEqual([3, 0]);
    expect(counts(await post(ref, { logs }))).toEqual([0, 3]);
    const { total, logs: found } = (await read(ref)).json;
    expect([total, new Set(found.map(({ id }) => id)).size]).toEqual([6, 6]);
  });

  test('are counted once between imports that run at once', async () => {
    const logs = lines(3_000);
    const bodies = [logs, [...logs].reverse(), logs.slice(1_000), logs.slice(0, 2_000)];
    const answers = await Promise.all(bodies.map((logs) => post(ref, { logs })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.reduce((sum, { json }) => sum + json.imported, 0)).toBe(3_000);
    for (const [index, answer] of answers.entries())
      expect(counts(answer).reduce((a, b) => a + b)).toBe(bodies[index]!.length);
    expect((await read(ref)).json.total).toBe(3_000);
  });
});

describe('a body that cannot be taken', () => {
  const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  function withLine(members: string) {
    return `{"logs":[{"timestamp":"2024-01-15T10:30:00Z","type":"call","message":"m",${members}}]}`;
  }
  test.each<[string, RequestOptions['body'], number, string]>([
    ['nothing', '', 400, ''],
    ['no JSON', '{"logs":', 400, ''],
    ['null', 'null', 400, ''],
    ['a list', '[]', 400, ''],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, ''],
    [
      'half a character',
      '{"logs":[{"timestamp":"2024-01-15T10:30:00Z","type":"call","message":"\\ud800"}]}',
      400,
      'logs[0].message',
    ],
    ['no logs', '{}', 400, 'logs'],
    ['logs that are no list', '{"logs":{}}', 400, 'logs'],
    ['an empty list', '{"logs":[]}', 400, 'logs'],
    ['100,001 entries', `{"logs":[${'1,'.repeat(100_000)}1]}`, 400, 'logs'],
    ['an entry that is none', '{"logs":[null]}', 400, 'logs[0]'],
    ['a NUL', withLine('"details":{"a":"\\u0000"}'), 400, 'logs[0].details'],
    ['a NUL in a name', withLine('"details":{"\\u0000":1}'), 400, 'logs[0].details'],
    ['__proto__', withLine('"details":{"__proto__":{"a":1}}'), 400, 'logs[0].details'],
    ['a huge number', withLine('"details":{"a":[1e400]}'), 400, 'logs[0].details'],
    ['deep details', withLine(`"details":{"a":${nest(100_000)}}`), 400, 'logs[0].details'],
    ['deep nothing', nest(1_000_000), 400, ''],
    ['large details', withLine(`"details":{"a":"${'x'.repeat(70_000)}"}`), 400, 'logs[0].details'],
    [
      'a message without end',
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
      'a year of no database',
      JSON.stringify({ logs: [line({ timestamp: '0001-01-15T10:30:00Z' })] }),
      400,
      'logs[0].timestamp',
    ],
    ['a type that is none', JSON.stringify({ logs: [line({ type: 'a b' })] }), 400, 'logs[0].type'],
    ['a source that is none', JSON.stringify({ logs: [line()], source: '' }), 400, 'source'],
    ['deduplicate: "no"', JSON.stringify({ logs: [line()], deduplicate: 'no' }), 400, 'deduplicate'],
    [
      'what is to come',
      JSON.stringify({ logs: [line(), line({ timestamp: '2999-01-15T10:30:00Z' })] }),
      422,
      'logs[1].timestamp',
    ],
    ['32 MiB and a byte', Buffer.alloc(32 * 1024 * 1024 + 1, 32), 413, ''],
    ['millions of lists', `{"a":[${'[[[[]]]],'.repeat(3_700_000)}1]}`, 413, ''],
  ])('%s is %3$i', async (_what, body, expected, field) => {
    const { status, json } = await post(ref, body);
    expect([status, json.error?.details?.[0]?.field ?? '']).toEqual([expected, field]);
    expect((await read(ref)).status).toBe(404);
  });

  test('names twenty problems and takes nothing', async () => {
    const { status, json } = await post(ref, {
      logs: [line(), ...Array.from({ length: 1_000 }, () => ({}))],
    });
    expect([status, json.error.details?.length]).toEqual([400, 20]);
    expect((await read(ref)).status).toBe(404);
  });

  test('other media types are 415', async () => {
    expect((await post(ref, 'x', gateway.ours.manager, { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('members that are not known are let pass, and so is a byte order mark', async () => {
    const body = `\ufeff${JSON.stringify({ logs: [line({ vendor: { a: 1 } })], more: [] })}`;
    expect(counts(await post(ref, body))).toEqual([1, 0]);
  });
});

test('100,000 entries are one import, stored to the last, and hold up nobody', async () => {
  const logs = Array.from({ length: 100_000 }, (_, index) =>
    line({ message: `line ${index}`, details: { call_id: `call-${index}`, duration: index } }),
  );
  const body = JSON.stringify({ logs });
  await post(ref, { logs: lines(1) });
  let turns = 0;
  let done = false;
  const answer = post(ref, body).finally(() => (done = true));
  while (!done) {
    await pause(1);
    turns += 1;
  }
  const { json } = await answer;
  await expect
    .poll(async () => (await status(json.import_id)).json, { timeout: 60_000, interval: 500 })
    .toMatchObject({
      status: 'stored',
      imported: 99_999 + 1,
      received: 100_000,
    });
  expect((await read(`${ref}?limit=1`)).json.total).toBe(100_001);
  // Parsed in this thread, it would turn a few times only; the worker's own work is in this process, too.
  expect(turns).toBeGreaterThan(200);
}, 120_000);
