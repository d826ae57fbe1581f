import { Failure, failures, type FailureCode } from '@oriontel/contracts';
import { createDatabase, pingDatabase } from '@oriontel/database';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SERVER_LIMITS } from './create-server.ts';
import { envelope, Enveloped } from './envelope.ts';
import type { HttpServer } from './http-server.ts';
import { createTestServer, type LogLine } from './testing.ts';

const config = { family: 'oriontel', access: 'anyone' } as const;
const Body = z.strictObject({
  name: z.string(),
  records: z.array(z.object({ start_time: z.iso.datetime(), count: z.int().optional() })).optional(),
});
let thrownValue: unknown;
let app: HttpServer;
let lines: LogLine[];

beforeAll(async () => {
  ({ app, lines } = await createTestServer((routes) => {
    routes.get('/ok', { config, schema: { response: { 200: Enveloped(z.string()) } } }, async () =>
      envelope('ok'),
    );
    routes.get('/throws', { config }, () => {
      throw thrownValue;
    });
    routes.get('/closed', { config: { ...config, access: 'signed-in' } }, async () => ({}));
    routes.get('/things/:id', { config }, async () => ({}));
    routes.delete('/things/:id', { config }, async () => ({}));
    routes.get(
      '/pages',
      { config, schema: { querystring: z.strictObject({ limit: z.coerce.number().optional() }) } },
      async () => ({}),
    );
    routes.post('/body', { config, schema: { body: Body } }, async ({ body }) => ({ received: body }));
  }));
});
afterAll(() => app.close());

type ErrorBody = { error: { message: string; code: number; details?: { field: string; message: string }[] } };

function post(payload: string | Buffer, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: '/body',
    payload,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
  });
}
const errorOf = (response: { json: <T>() => T }) => response.json<ErrorBody>().error;
function requestThrowing(error: unknown) {
  thrownValue = error;
  lines.length = 0;
  return app.inject({ method: 'GET', url: '/throws' });
}

describe('every response has X-API-Version and X-Request-Id', () => {
  test.each([
    [200, 'GET', '/ok'],
    [404, 'GET', '/nowhere'],
    [405, 'PUT', '/ok'],
    [400, 'GET', '/things/%zz'],
    [401, 'GET', '/closed'],
    [500, 'GET', '/throws'],
    [413, 'POST', '/body'],
    [415, 'POST', '/body'],
    [400, 'POST', '/body'],
  ] as const)('%i for %s %s', async (status, method, url) => {
    thrownValue = new Error('x');
    const payload =
      status === 413 ? `"${'x'.repeat(SERVER_LIMITS.bodyBytes)}"` : status === 415 ? '<a/>' : '{';
    const type = status === 415 ? 'application/xml' : 'application/json';
    const response = await app.inject(
      method === 'POST' ? { method, url, payload, headers: { 'content-type': type } } : { method, url },
    );
    expect(response.statusCode).toBe(status);
    expect(response.headers['x-api-version']).toBe('1.0');
    expect(response.headers['x-request-id']).toMatch(/^req-[\w-]{36}$/);
  });
});

test.each(['abc-123', 'A.b_c', 'x'.repeat(128)])('a valid X-Request-Id is kept: %s', async (id) => {
  for (const url of ['/ok', '/nowhere', '/things/%zz']) {
    const response = await app.inject({ method: 'GET', url, headers: { 'x-request-id': id } });
    expect(response.headers['x-request-id']).toBe(id);
  }
});

test.each(['', 'two words', 'x'.repeat(129), '<script>', 'a"b', 'é', 'a,b'])(
  'an invalid X-Request-Id is replaced: %s',
  async (id) => {
    const response = await app.inject({ method: 'GET', url: '/ok', headers: { 'x-request-id': id } });
    expect(response.headers['x-request-id']).toMatch(/^req-[\w-]{36}$/);
  },
);

test('an unsupported method of a known path is 405 with Allow; an unknown path is 404', async () => {
  const known = await app.inject({ method: 'PATCH', url: '/things/7?x=1' });
  expect(known.statusCode).toBe(405);
  expect(known.headers.allow).toBe('DELETE, GET, HEAD');
  const unknown = await app.inject({ method: 'PATCH', url: '/things/7/parts' });
  expect(unknown.statusCode).toBe(404);
  expect(unknown.headers).not.toHaveProperty('allow');
});

test('an unmatched route returns XML, as in the platform document', async () => {
  const { body } = await app.inject({ method: 'GET', url: '/nowhere' });
  expect(body).toContain('<code>404</code>\n  <message>Resource not found</message>');
});

describe('a body that cannot be parsed', () => {
  test('invalid JSON is 400', async () => {
    const response = await post('{"name": ');
    expect([response.statusCode, errorOf(response).message]).toEqual([400, 'The body is not valid JSON.']);
  });
  test('an empty body is 400', async () => {
    const response = await post('');
    expect([response.statusCode, errorOf(response).message]).toEqual([
      400,
      'The body is empty: send a JSON object.',
    ]);
  });
  test.each([
    '{"name": "x", "__proto__": {"isAdmin": true}}',
    '{"name": "x", "constructor": {"prototype": {}}}',
  ])('JSON with prototype pollution is 400: %s', async (payload) => {
    expect((await post(payload)).statusCode).toBe(400);
    expect({}).not.toHaveProperty('isAdmin');
  });
  test('a body over the limit is 413', async () => {
    const response = await post(JSON.stringify({ name: 'x'.repeat(SERVER_LIMITS.bodyBytes) }));
    expect([response.statusCode, errorOf(response).message]).toEqual([
      413,
      'The body is too large: send it in smaller parts.',
    ]);
  });
  test.each(['application/xml', 'text/csv', 'nonsense'])('Content-Type %s is 415', async (type) => {
    expect((await post('<a/>', { 'content-type': type })).statusCode).toBe(415);
  });
  test.each(['gzip', 'br', 'GZIP, identity'])('Content-Encoding %s is 415', async (encoding) => {
    const response = await post(gzipSync('{"name":"x"}'), { 'content-encoding': encoding });
    expect(response.statusCode).toBe(415);
    expect(errorOf(response).message).toContain('send the body uncompressed');
  });
  test('Content-Encoding identity is accepted', async () => {
    expect((await post('{"name":"x"}', { 'content-encoding': 'identity' })).statusCode).toBe(200);
  });
});

describe('a body that does not match its schema is 400 and names the field', () => {
  test.each([
    [{ name: 'x', color: 'red' }, 'color', 'is not a known field: remove it'],
    [{}, 'name', 'is required: must be a string'],
    [{ name: 7 }, 'name', 'must be a string'],
    [
      {
        name: 'x',
        records: [{ start_time: '2024-01-15T10:30:00Z' }, { start_time: '2024-01-15T10:30:00Z' }, {}],
      },
      'records[2].start_time',
      'is required: must be a string',
    ],
    [
      { name: 'x', records: [{ start_time: '2024-01-15T10:30:00Z', count: 1.5 }] },
      'records[0].count',
      'must be an int',
    ],
  ])('%j: %s', async (body, field, message) => {
    const response = await post(JSON.stringify(body));
    expect(response.statusCode).toBe(400);
    expect(errorOf(response).details).toEqual([{ field, message }]);
    expect(errorOf(response).message).toBe(`${field}: ${message}`);
  });
  test('a query that does not match its schema is 400', async () => {
    const response = await app.inject({ method: 'GET', url: '/pages?limti=5' });
    expect(errorOf(response)).toMatchObject({ code: 400, details: [{ field: 'limti' }] });
  });
});

describe('a handler that throws', () => {
  test('an Error is 500 without its message, and is logged with cause and request id', async () => {
    const response = await requestThrowing(new Error('secret path /etc/x', { cause: new Error('deeper') }));
    expect(response.statusCode).toBe(500);
    expect(errorOf(response)).toEqual({
      message: 'Internal Server Error',
      code: 500,
      request_id: response.headers['x-request-id'],
    });
    const line = lines.find(({ msg }) => msg === 'request failed')!;
    expect(JSON.stringify(line.err)).toContain('secret path');
    expect(JSON.stringify(line.err)).toContain('deeper');
    expect(line.err!['stack']).toContain('create-server.test.ts');
    expect(line['reqId']).toBe(response.headers['x-request-id']);
  });
  test.each(['text', null, undefined, 42, { statusCode: 200 }, { statusCode: 'x' }])(
    '%j returns 500',
    async (value) => {
      expect((await requestThrowing(value)).statusCode).toBe(500);
    },
  );
  test.each(Object.keys(failures) as FailureCode[])(
    'Failure %s returns its status and message',
    async (code) => {
      const response = await requestThrowing(new Failure(code));
      expect(response.statusCode).toBe(failures[code].status);
      expect(errorOf(response)).toMatchObject({
        code: failures[code].status,
        message: failures[code].message,
      });
    },
  );
  test('a Failure with retryAfter returns Retry-After', async () => {
    const response = await requestThrowing(new Failure('unavailable', 'Later.', { retryAfter: 7 }));
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '7']);
  });
  test('an error of an unreachable database returns 503 with Retry-After, without details', async () => {
    const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', name: 'test' });
    const error: unknown = await pingDatabase(db).catch((reason: unknown) => reason);
    const response = await requestThrowing(error);
    await db.$disconnect();
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '2']);
    expect(response.body).not.toMatch(/127\.0\.0\.1|prisma/i);
  });
});

test('a request that arrives while the server closes is served, and its connection closed', async () => {
  const { app: closing } = await createTestServer((routes) => {
    routes.get('/ok', { config }, async () => ({ fine: true }));
  });
  await closing.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((closing.server.address() as AddressInfo).port, '127.0.0.1');
  const [connection] = (await once(closing.server, 'connection')) as [Socket];
  socket.write('GET /ok HTTP/1.1\r\nHost: x\r\n');
  await expect.poll(() => connection.bytesRead).toBeGreaterThan(0);
  const closed = closing.close();
  await expect.poll(() => closing.server.listening).toBe(false);
  socket.write('\r\n');
  const response = await text(socket);
  expect(response).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(response).toMatch(/connection: close/i);
  await closed;
});

describe('a raw socket', () => {
  let port: number;
  beforeAll(async () => {
    // Like SERVER_LIMITS.requestTimeoutMs, but short.
    Object.assign(app.server, { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    port = (app.server.address() as AddressInfo).port;
  });
  async function send(data: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(data);
    return text(socket);
  }

  test.each([
    '\x16\x03\x01 not HTTP at all\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /ok HTTP/1.1\r\nbad header\r\n\r\n',
  ])('malformed HTTP is 400 and closes the connection: %j', async (data) => {
    const response = await send(data);
    expect(response).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(response).toMatch(/X-API-Version: 1\.0\r\nX-Request-Id: req-/);
    expect(response).toContain('<code>400</code>');
  });
  test('headers over the limit are 431', async () => {
    expect(await send(`GET /ok HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
  test('an incomplete body is 408 after the timeout', async () => {
    const response = await send(
      'POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        'Content-Length: 1000\r\n\r\n{"name":',
    );
    expect(response).toMatch(/^HTTP\/1\.1 408 /);
  });
  test('two Content-Length headers are 400', async () => {
    expect(
      await send('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc'),
    ).toMatch(/^HTTP\/1\.1 400 /);
  });
});
