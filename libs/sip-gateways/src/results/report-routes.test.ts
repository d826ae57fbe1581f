import {
  basicAuthorization,
  keyWith,
  testActors,
  type ErrorBody,
  type TestRequest,
} from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestSipGateways, type TestSipGateways } from '../testing.ts';
import type { RecordedReport } from './gateway-report.ts';

const { ours, theirs } = testActors;
const reporterKey = 'ours-key-gateways:write';
const reporter = keyWith(['gateways:write']);
const acceptJson = { accept: 'application/json' };

let api: TestSipGateways;
beforeAll(async () => {
  api = await createTestSipGateways();
});
afterAll(() => api.close());

const create = (more?: object, as?: string) => api.create(more, as);
const report = (path: string, body?: object, as?: string) => api.report(path, body, as);
const read = (path: string, as?: string) => api.read(path, as);
const currentStatus = (id: string) => api.currentStatus(id);

describe('POST /sipgwping/:entity/:param1/:param2', () => {
  test('accepts a report without a latency and without a body', async () => {
    const id = await create();
    const headers = { 'content-type': 'application/json' };
    const empty: TestRequest[] = [
      {},
      { headers, body: '' },
      { headers, body: 'null' },
      { headers, body: '{}' },
    ];
    for (const request of empty) {
      const response = await api.call<RecordedReport>(`/sipgwping/${id}/up`, {
        method: 'POST',
        as: ours.manager,
        ...request,
      });
      expect([response.status, response.json.latency_ms]).toEqual([200, null]);
    }
    expect((await report(`${id}/up/`)).json.latency_ms).toBeNull();
    await expect.poll(api.countPending, { timeout: 15_000 }).toBe(0);
    expect(await currentStatus(id)).toMatchObject({
      reachable: true,
      latency_ms: null,
      consecutive_successes: 5,
    });
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
  ])('reads from param2 %s with the body %j a latency of %d ms', async (param2, body, latency) => {
    const id = await create();
    expect((await report(`${id}/degraded/${param2}`, body)).json).toMatchObject({
      recorded_status: 'degraded',
      latency_ms: latency,
    });
    expect(await currentStatus(id)).toMatchObject({
      reachable: true,
      status: 'degraded',
      latency_ms: latency,
    });
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
  ])('answers 400 to param2 %s', async (param2) => {
    const id = await create();
    const response = await report(`${id}/up/${encodeURI(param2).replaceAll('%25', '%')}`);
    expect([response.status, response.body]).toEqual([400, expect.stringContaining('param2')]);
    expect(await currentStatus(id)).toMatchObject({ last_check: null });
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
  ])('answers 400 to details.%s %s', async (field, value) => {
    const id = await create();
    const headers = { 'content-type': 'application/json', ...acceptJson };
    const response = await api.call<ErrorBody>(`/sipgwping/${id}/up`, {
      as: ours.manager,
      headers,
      body: `{"details":{"${field}":${value}}}`,
    });
    expect([response.status, response.json.error.details?.[0]?.field]).toEqual([400, `details.${field}`]);
    expect(await currentStatus(id)).toMatchObject({ last_check: null });
  });

  test('answers 400 to invalid JSON, 415 to another content type, 413 to a large body', async () => {
    const id = await create();
    async function send(body: string, type = 'application/json') {
      return (
        await api.call(`/sipgwping/${id}/up`, {
          as: ours.manager,
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

  test('stores error_message and packet_loss, and an empty error_message as none', async () => {
    const id = await create();
    await report(`${id}/down`, { details: { error_message: 'no route to host', packet_loss: 100 } });
    expect(await currentStatus(id)).toMatchObject({
      reachable: false,
      status: 'down',
      error: 'no route to host',
      packet_loss: 100,
      uptime_percent_24h: 0,
    });
    await report(`${id}/up/5`, { details: { error_message: '' }, source: '' });
    expect(await currentStatus(id)).toMatchObject({ reachable: true, status: 'down', error: null });
  });

  test('finds a gateway by its name, and by its id first', async () => {
    const name = 'Süd / West №1';
    const id = await create({ name });
    const path = encodeURIComponent(name);
    expect((await report(`${path}/up/5`)).json.gateway).toBe(id);
    expect((await read(path)).json.gateway).toMatchObject({ id, name });
    const other = await create({ name: id });
    expect((await read(id)).json.gateway.id).toBe(id);
    expect((await read(other)).json.gateway.name).toBe(id);
  });

  test('answers 400 to an ambiguous name, and asks for the id', async () => {
    const name = 'Twin gateway';
    await create({ name });
    await create({ name });
    const path = encodeURIComponent(name);
    for (const response of [await report(`${path}/up`), await read(path)])
      expect([response.status, response.body]).toEqual([400, expect.stringContaining('id')]);
  });

  test('counts each of many concurrent reports', async () => {
    const id = await create();
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => report(`${id}/up/${index}`)),
    );
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    await expect.poll(api.countPending, { timeout: 15_000 }).toBe(0);
    expect(await currentStatus(id)).toMatchObject({ consecutive_successes: 40, uptime_percent_24h: 100 });
  });
});

describe('a hostile path', () => {
  test.each([
    '..%2f..%2fetc%2fpasswd',
    '%00',
    "'%20OR%201=1%20--",
    'gateway-east-01%00',
    '*',
    '%25',
    'x'.repeat(129),
  ])('answers 404 to the gateway %s', answersNotFound);
  test('answers 404 to a gateway of 9,000 characters', () => answersNotFound('x'.repeat(9_000)));

  async function answersNotFound(path: string) {
    expect((await read(path)).status).toBe(404);
    expect((await report(`${path}/up/1`)).status).toBe(404);
    const crud = { as: ours.manager };
    expect((await api.call(`/gateways/${path}`, crud)).status).toBe(404);
    expect((await api.call(`/gateways/${path}`, { ...crud, method: 'DELETE' })).status).toBe(404);
  }

  test.each(['UP', 'upp', 'unknown', '', '%00', 'constructor', '__proto__'])(
    'answers 400 to the status %j',
    async (status) => {
      const response = await report(`${await create()}/${status}/1`);
      expect([response.status, response.body]).toEqual([400, expect.stringContaining('param1')]);
    },
  );

  test.each([
    ['PUT', 'up/1', 'POST'],
    ['GET', 'up', 'POST'],
    ['DELETE', 'up/1', 'POST'],
    ['POST', '', 'GET'],
    ['PUT', '', 'GET'],
  ])('answers 405 to %s …/%s and allows %s', async (method, rest, allow) => {
    const id = await create();
    const response = await api.call(`/sipgwping/${[id, rest].filter(Boolean).join('/')}`, {
      method: method as 'PUT',
      as: ours.manager,
      ...(method === 'PUT' || method === 'POST' ? { body: {} } : {}),
    });
    expect([response.status, response.headers['allow']]).toEqual([405, expect.stringContaining(allow)]);
  });
});

describe('access to reports', () => {
  test('is granted to a key by Bearer and by Basic, for its own organization only', async () => {
    const id = await create();
    const foreignId = await create({}, theirs.manager);
    const basic = basicAuthorization(reporterKey);
    for (const as of [reporter, basic]) {
      expect((await report(`${id}/up/1`, {}, as)).status).toBe(200);
      expect((await read(id, as)).status).toBe(200);
    }
    expect((await report(`${id}/up/1?org_id=${theirs.orgId}`, {}, basic)).status).toBe(403);
    expect((await report(`${id}/up/1`, {}, keyWith(['cdr:write']))).status).toBe(403);
    expect((await report(`${foreignId}/up/1`, {}, basic)).status).toBe(404);
  });

  test('answers errors as XML, and as JSON if that is accepted', async () => {
    const id = await create();
    const callers: [string | undefined, number][] = [
      [undefined, 401],
      ['Bearer nonsense', 401],
      [ours.member, 403],
      [theirs.manager, 404],
    ];
    for (const [as, status] of callers) {
      const path = `/sipgwping/${id}/up/1`;
      const xml = await api.call(path, { method: 'POST', as });
      expect([xml.status, xml.headers['content-type']]).toEqual([status, expect.stringContaining('xml')]);
      expect(xml.body).toContain(`<code>${status}</code>`);
      const json = await api.call<ErrorBody>(path, { method: 'POST', as, headers: acceptJson });
      expect([json.status, json.json.error.code]).toEqual([status, status]);
    }
    expect(await currentStatus(id)).toMatchObject({ last_check: null });
  });
});
