import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import { startTestGateway, type RequestOptions, type ErrorBody, type TestGateway } from './testing.ts';

interface Status {
  gateway: { id: string; name: string; host: string; port: number | null };
  current_status: {
    reachable: boolean | null;
    latency_ms: number | null;
    last_check: string | null;
    consecutive_successes: number;
    uptime_percent_24h: number | null;
    status: string;
    jitter_ms: number | null;
    packet_loss: number | null;
    error: string | null;
  };
  history?: { timestamp: string; reachable: boolean; latency_ms: number | null }[];
}
interface Recorded {
  gateway: string;
  recorded_status: string;
  latency_ms: number | null;
  recorded_at: string;
}
interface Gateway {
  id: string;
  org_id: number;
  name: string;
}

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
let reporter: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  await seedDemoData(gateway.db);
  await seedDemoData(gateway.db);
  stopWorker = gateway.startWorker();
  const body = { name: 'monitor', scopes: ['gateways:write'] };
  const { json } = await gateway.call<{ data: { key: string } }>('/api-keys', {
    as: gateway.ours.manager,
    body,
  });
  reporter = json.data.key;
}, 60_000);
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

let made = 0;
async function create(more: object = {}, as = gateway.ours.manager): Promise<string> {
  const body = { id: `gw-${(made += 1)}`, name: `Gateway ${made}`, host: '192.0.2.1', ...more };
  const answer = await gateway.call('/gateways', { as, body });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return body.id;
}
function report(path: string, body?: object, as = gateway.ours.manager) {
  return gateway.call<Recorded>(`/sipgwping/${path}`, { method: 'POST', as, ...(body && { body }) });
}
const read = (path: string, as = gateway.ours.member) => gateway.call<Status>(`/sipgwping/${path}`, { as });
const statusOf = async (id: string) => (await read(id)).json.current_status;
/** On the road. */
const results = () => gateway.db.intakeRow.count({ where: { queue: 'gateway-results' } });
const asJson = { accept: 'application/json' };

describe("the document's examples, as written, by an admin against the demo data", () => {
  test('get answers with what it shows, and a history of its hours', async () => {
    const { status, json } = await read(
      'gateway-east-01?include_history=true&history_hours=6',
      gateway.admin,
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 'success',
      gateway: {
        id: 'gateway-east-01',
        name: 'East Coast Primary Gateway',
        host: 'sip-east.example.com',
        port: 5060,
      },
      current_status: {
        reachable: true,
        latency_ms: 23,
        consecutive_successes: 288,
        uptime_percent_24h: 100,
      },
    });
    expect(json.history!.length).toBeGreaterThanOrEqual(70);
    expect(json.history![0]).toMatchObject({ timestamp: json.current_status.last_check, latency_ms: 23 });
    const oldest = Date.parse(json.history!.at(-1)!.timestamp);
    expect(oldest).toBeGreaterThan(Date.now() - 6 * 3_600_000 - 60_000);
  });

  test('update answers with what it shows', async () => {
    const body = { details: { latency_ms: 23, packet_loss: 0.0, jitter_ms: 2 }, source: 'monitor-node-01' };
    const { status, json, headers } = await report('gateway-east-01/up/23', body, gateway.admin);
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
    expect(json).toEqual({
      status: 'success',
      gateway: 'gateway-east-01',
      recorded_status: 'up',
      latency_ms: 23,
      recorded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/) as string,
    });
    const { current_status } = (await read('gateway-east-01', gateway.admin)).json;
    expect(current_status).toMatchObject({
      last_check: json.recorded_at,
      consecutive_successes: 289,
      jitter_ms: 2,
      packet_loss: 0,
    });
  });
});

describe('a report', () => {
  test('without a latency has none, and needs no body', async () => {
    const id = await create();
    const headers = { 'content-type': 'application/json' };
    const empty: RequestOptions[] = [
      {},
      { headers, body: '' },
      { headers, body: 'null' },
      { headers, body: '{}' },
    ];
    for (const more of empty) {
      const answer = await gateway.call<Recorded>(`/sipgwping/${id}/up`, {
        method: 'POST',
        as: gateway.ours.manager,
        ...more,
      });
      expect([answer.status, answer.json.latency_ms]).toEqual([200, null]);
    }
    expect((await report(`${id}/up/`)).json.latency_ms).toBeNull();
    expect(await statusOf(id)).toMatchObject({ reachable: true, latency_ms: null, consecutive_successes: 5 });
  });

  test.each([
    ['23', undefined, 23],
    ['23.5', undefined, 23.5],
    ['0', undefined, 0],
    ['3600000', undefined, 3_600_000],
    ['23', { details: { latency_ms: 7 } }, 7],
    ['23', { details: { latency_ms: 0 } }, 0],
    ['23', { details: { latency_ms: null } }, 23],
    ['23', { details: null, source: null }, 23],
    ['23', { details: { surprise: { deep: [1] } }, color: 'red' }, 23],
    ['0.33333333', undefined, 0.333],
  ])('of param2 %s with %j is of %d ms', async (param2, body, latency) => {
    const id = await create();
    expect((await report(`${id}/degraded/${param2}`, body)).json).toMatchObject({
      recorded_status: 'degraded',
      latency_ms: latency,
    });
    expect(await statusOf(id)).toMatchObject({ reachable: true, status: 'degraded', latency_ms: latency });
  });

  test.each([
    '-1',
    'NaN',
    'Infinity',
    '1e308',
    '1e3',
    '0x10',
    '3600000.1',
    '9'.repeat(400),
    '23ms',
    ' ',
    '%20',
    '%2e%2e%2f',
    "1'%20OR%20'1'='1",
    '%00',
    '+5',
    '.5',
    '5.',
  ])('with param2 %s is 400', async (param2) => {
    const id = await create();
    const answer = await report(`${id}/up/${encodeURI(param2).replaceAll('%25', '%')}`);
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('param2')]);
    expect(await statusOf(id)).toMatchObject({ last_check: null });
  });

  test.each([
    ['latency_ms', '1e400'],
    ['latency_ms', '1e308'],
    ['latency_ms', '-0.001'],
    ['latency_ms', '"23"'],
    ['latency_ms', 'true'],
    ['latency_ms', '[23]'],
    ['packet_loss', '-1'],
    ['packet_loss', '1e400'],
    ['packet_loss', '"0"'],
    ['jitter_ms', '-1'],
    ['jitter_ms', '3600001'],
    ['error_message', '{}'],
    ['error_message', '"a\\u0000b"'],
    ['error_message', '"\\ud800"'],
    ['error_message', JSON.stringify('x'.repeat(1_025))],
  ])('with details.%s %s is 400', async (field, value) => {
    const id = await create();
    const headers = { 'content-type': 'application/json', ...asJson };
    const answer = await gateway.call<ErrorBody>(`/sipgwping/${id}/up`, {
      as: gateway.ours.manager,
      headers,
      body: `{"details":{"${field}":${value}}}`,
    });
    expect([answer.status, answer.json.error.details?.[0]?.field]).toEqual([400, `details.${field}`]);
    expect(await statusOf(id)).toMatchObject({ last_check: null });
  });

  test('that cannot be read as JSON is 400, one that is none 415, one too large 413', async () => {
    const id = await create();
    async function send(body: string, type = 'application/json') {
      return (
        await gateway.call(`/sipgwping/${id}/up`, {
          as: gateway.ours.manager,
          headers: { 'content-type': type },
          body,
        })
      ).status;
    }
    expect(await send('{"details":')).toBe(400);
    expect(await send('{"__proto__":{"source":"x"}}')).toBe(400);
    expect(await send('up', 'text/plain')).toBe(415);
    expect(await send(`{"source":"${'x'.repeat(1_100_000)}"}`)).toBe(413);
  });

  test('says why it is down, and words of nothing say nothing', async () => {
    const id = await create();
    await report(`${id}/down`, { details: { error_message: 'no route to host', packet_loss: 100 } });
    expect(await statusOf(id)).toMatchObject({
      reachable: false,
      status: 'down',
      error: 'no route to host',
      packet_loss: 100,
      uptime_percent_24h: 0,
    });
    await report(`${id}/up/5`, { details: { error_message: '' }, source: '' });
    expect(await statusOf(id)).toMatchObject({ reachable: true, status: 'down', error: null });
  });

  test('of a gateway by its name is one of its id', async () => {
    const name = 'Süd / West №1';
    const id = await create({ name });
    const path = encodeURIComponent(name);
    expect((await report(`${path}/up/5`)).json.gateway).toBe(id);
    expect((await read(path)).json.gateway).toMatchObject({ id, name });
    // An id goes before a name.
    const other = await create({ name: id });
    expect((await read(id)).json.gateway.id).toBe(id);
    expect((await read(other)).json.gateway.name).toBe(id);
  });

  test('of a name that several have is 400, and says what to do', async () => {
    const name = `Twin ${(made += 1)}`;
    await create({ name });
    await create({ name });
    for (const answer of [
      await report(`${encodeURIComponent(name)}/up`),
      await read(encodeURIComponent(name)),
    ])
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('id')]);
  });

  test('of many at once each counts', async () => {
    const id = await create();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => report(`${id}/up/${index}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await expect.poll(results, { timeout: 15_000 }).toBe(0);
    expect(await statusOf(id)).toMatchObject({ consecutive_successes: 40, uptime_percent_24h: 100 });
  });
});

describe('whatever the path says', () => {
  test.each([
    '..%2f..%2fetc%2fpasswd',
    '%00',
    "'%20OR%201=1%20--",
    'gateway-east-01%00',
    '*',
    '%25',
    'x'.repeat(129),
    'x'.repeat(9_000),
  ])('%s is no gateway', async (path) => {
    expect((await read(path)).status).toBe(404);
    expect((await report(`${path}/up/1`)).status).toBe(404);
    const crud = { as: gateway.ours.manager };
    expect((await gateway.call(`/gateways/${path}`, crud)).status).toBe(404);
    expect((await gateway.call(`/gateways/${path}`, { ...crud, method: 'DELETE' })).status).toBe(404);
  });

  test.each(['UP', 'upp', 'unknown', '', '%00', 'constructor', '__proto__'])(
    'a status %j is 400',
    async (status) => {
      const answer = await report(`${await create()}/${status}/1`);
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('param1')]);
    },
  );

  test.each([
    ['PUT', 'up/1', 'POST'],
    ['GET', 'up', 'POST'],
    ['DELETE', 'up/1', 'POST'],
    ['POST', '', 'GET'],
    ['PUT', '', 'GET'],
  ])('%s of …/%s is 405 and told %s', async (method, rest, allow) => {
    const id = await create();
    const answer = await gateway.call(`/sipgwping/${[id, rest].filter(Boolean).join('/')}`, {
      method: method as 'PUT',
      as: gateway.ours.manager,
      ...(method === 'PUT' || method === 'POST' ? { body: {} } : {}),
    });
    expect([answer.status, answer.headers['allow']]).toEqual([405, expect.stringContaining(allow)]);
  });

  test.each([
    ['history_hours', '0'],
    ['history_hours', '721'],
    ['history_hours', '1.5'],
    ['history_hours', '1e999'],
    ['history_hours', 'NaN'],
    ['history_hours', "1' OR 1=1"],
    ['include_history', 'perhaps'],
    ['org_id', '0'],
  ])('%s=%s is 400', async (field, value) => {
    const answer = await read(`${await create()}?${field}=${encodeURIComponent(value)}`);
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining(field)]);
  });

  test('a query with what is not known is answered, and without include_history there is none', async () => {
    const id = await create();
    expect((await read(`${id}?color=red&history_hours=720`)).json).not.toHaveProperty('history');
    for (const yes of ['true', '1'])
      expect((await read(`${id}?include_history=${yes}`)).json.history).toEqual([]);
    expect((await read(`${id}?include_history=false`)).json).not.toHaveProperty('history');
  });
});

describe('who may', () => {
  test('a key reports by Bearer and by Basic, for its own organization only', async () => {
    const id = await create();
    const basic = `Basic ${Buffer.from(`monitor:${reporter}`).toString('base64')}`;
    for (const as of [`Bearer ${reporter}`, basic]) {
      expect((await report(`${id}/up/1`, {}, as)).status).toBe(200);
      expect((await read(id, as)).status).toBe(200);
    }
    expect((await report(`${id}/up/1?org_id=${gateway.theirs.orgId}`, {}, basic)).status).toBe(403);
    expect((await report(`${id}/up/1`, {}, gateway.keyWithoutScope)).status).toBe(403);
    expect((await report('gateway-east-01/up/1', {}, basic)).status).toBe(404);
  });

  test('errors are XML, and JSON where that is asked for', async () => {
    const id = await create();
    const as: [string | undefined, number][] = [
      [undefined, 401],
      ['Bearer nonsense', 401],
      [gateway.ours.member, 403],
      [gateway.theirs.manager, 404],
    ];
    for (const [who, status] of as) {
      const path = `/sipgwping/${id}/up/1`;
      const xml = await gateway.call(path, { method: 'POST', as: who });
      expect([xml.status, xml.headers['content-type']]).toEqual([status, expect.stringContaining('xml')]);
      expect(xml.body).toContain(`<code>${status}</code>`);
      const json = await gateway.call<ErrorBody>(path, { method: 'POST', as: who, headers: asJson });
      expect([json.status, json.json.error.code]).toEqual([status, status]);
    }
    expect(await statusOf(id)).toMatchObject({ last_check: null });
  });

  test('organizations have gateways of the same id, and each its own status', async () => {
    const id = await create();
    await create({ id, name: 'Theirs' }, gateway.theirs.manager);
    await report(`${id}/up/11`);
    await report(`${id}/down`, {}, gateway.theirs.manager);
    const [ours, theirs] = [await read(id), await read(id, gateway.theirs.member)];
    expect([ours.json.current_status.latency_ms, theirs.json.current_status.status]).toEqual([11, 'down']);
    expect(theirs.json.gateway.name).toBe('Theirs');

    // An admin must say whose it means, unless the default organization has one.
    const unsaid = await read(id, gateway.admin);
    expect([unsaid.status, unsaid.body]).toEqual([400, expect.stringContaining('org_id')]);
    const said = await read(`${id}?org_id=${gateway.theirs.orgId}`, gateway.admin);
    expect(said.json.gateway.name).toBe('Theirs');
    await create({ id, name: 'Default' }, gateway.admin);
    expect((await read(id, gateway.admin)).json.gateway.name).toBe('Default');
  });
});

describe('/gateways', () => {
  function send<T = Gateway>(
    method: RequestOptions['method'] & string,
    path: string,
    body?: object,
    as = gateway.ours.manager,
  ) {
    return gateway.call<{ data: T } & ErrorBody>(`/gateways${path}`, { method, as, ...(body && { body }) });
  }

  test('one is made, read, changed in part, and deleted', async () => {
    const id = await create({ transport: 'tls', host: '2001:db8::1' });
    const { data } = (await send('GET', `/${id}`)).json;
    expect(data).toMatchObject({ id, port: 5061, transport: 'tls', host: '2001:db8::1', ok_codes: [] });
    const changed = await send('PUT', `/${id}`, { failures_to_down: 1, enabled: false });
    expect(changed.json.data).toMatchObject({
      ...data,
      failures_to_down: 1,
      enabled: false,
      updated_at: expect.anything(),
    });
    expect((await send('PUT', `/${id}`, { interval_seconds: 5, timeout_ms: 5_000 })).status).toBe(200);
    expect((await send('PUT', `/${id}`, { timeout_ms: 5_001 })).status).toBe(400);
    expect((await send('DELETE', `/${id}`)).status).toBe(204);
    for (const answer of [await send('GET', `/${id}`), await send('DELETE', `/${id}`), await read(id)])
      expect(answer.status).toBe(404);
  });

  test('port null is by DNS, and a read of the status says so', async () => {
    const id = await create({ port: null });
    expect((await read(id)).json.gateway.port).toBeNull();
  });

  test('an id is one gateway of its organization', async () => {
    const id = await create();
    const again = await send('POST', '', { id, name: 'x', host: 'a.example' });
    expect([again.status, again.json.error.details?.[0]?.field]).toEqual([409, 'id']);
    const both = await Promise.all(
      [1, 2].map(() => send('POST', '', { id: `${id}x`, name: 'x', host: 'a.example' })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('one that is deleted and made again begins anew', async () => {
    const id = await create();
    await report(`${id}/down`);
    await send('DELETE', `/${id}`);
    await create({ id });
    const { json } = await read(`${id}?include_history=true`);
    expect(json.current_status).toMatchObject({ status: 'unknown', uptime_percent_24h: null });
    expect(json.history).toEqual([]);
  });

  test('changes that come at once are all made', async () => {
    const id = await create();
    const changes = [
      { name: 'At once' },
      { interval_seconds: 30 },
      { port: 5080 },
      { enabled: false },
      { ok_codes: [200] },
    ];
    await Promise.all(changes.map((body) => send('PUT', `/${id}`, body)));
    expect((await send('GET', `/${id}`)).json.data).toMatchObject(Object.assign({}, ...changes) as object);
  });

  test('the list is by id, of one organization, and is searched by its words', async () => {
    const word = `list${(made += 1)}`;
    await create({ id: `${word}-b`, enabled: false });
    await create({ id: `${word}-a`, host: `${word}.example` });
    await create({ name: `A ${word.toUpperCase()} one` });
    await create({ name: word }, gateway.theirs.manager);
    async function list(query: string, as = gateway.ours.member) {
      return (
        await gateway.call<{ data: Gateway[]; meta: { pagination: object } }>(`/gateways?${query}`, { as })
      ).json;
    }
    const { data, meta } = await list(`text=${word}`);
    expect(data.map(({ id }) => id)).toEqual([`gw-${made - 1}`, `${word}-a`, `${word}-b`]);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 3 });
    expect((await list(`text=${word}&limit=1&offset=1`)).data.map(({ id }) => id)).toEqual([`${word}-a`]);
    expect((await list(`text=${word}&enabled=false`)).data.map(({ id }) => id)).toEqual([`${word}-b`]);
    expect((await list(`text=${word}`, gateway.admin)).data).toHaveLength(4);
    expect((await list('text=%25')).data).toEqual([]);
  });
});

describe('what happens to a gateway', () => {
  interface Events {
    events: { type: string; data: { previous_status: string } }[];
  }
  async function eventsOf(id: string, as = gateway.ours.member) {
    return (await gateway.call<Events>(`/events/gateway/${id}`, { as })).json.events;
  }

  test('is an event of it when its status changes, and nothing before', async () => {
    const id = await create({ failures_to_down: 2, successes_to_up: 1 });
    for (const status of ['up', 'down', 'down', 'down', 'up', 'degraded', 'degraded']) {
      await report(`${id}/${status}`);
      await statusOf(id);
    }
    await expect.poll(results, { timeout: 15_000 }).toBe(0);
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual(['gateway_down', 'gateway_up', 'gateway_degraded']);
    expect(events[0]!.data.previous_status).toBe('up');
  });

  test('is logged under its id, by its organization and no other', async () => {
    const id = await create();
    const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'sip', message: 'OPTIONS' }];
    const { ours, theirs } = gateway;
    expect((await gateway.call(`/logs/gateway/${id}`, { as: ours.manager, body: { logs } })).status).toBe(
      200,
    );
    expect((await gateway.call(`/logs/gateway/${id}`, { as: ours.member })).status).toBe(200);
    expect((await gateway.call(`/logs/gateway/${id}`, { as: theirs.manager, body: { logs } })).status).toBe(
      404,
    );
    expect((await gateway.call(`/events/gateway/${id}`, { as: theirs.member })).status).toBe(404);
  });
});
