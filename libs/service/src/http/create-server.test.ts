import { Failure, failures, type FailureCode } from '@oriontel/contracts';
import { createDatabase, pingDatabase } from '@oriontel/database';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SERVER_LIMITS } from './create-server.ts';
import { envelope, Enveloped } from './envelope.ts';
import type { HttpServer } from './http-server.ts';
import { createTestServer, type LogLine } from './testing.ts';

const access = { family: 'oriontel', access: 'anyone' } as const;
const Body = z.strictObject({
  name: z.string(),
  records: z.array(z.object({ start_time: z.iso.datetime(), count: z.int().optional() })).optional(),
});
let thrown: unknown;
let app: HttpServer;
let lines: LogLine[];

beforeAll(async () => {
  ({ app, lines } = await createTestServer((routes) => {
    routes.get('/fine', { config: access, schema: { response: { 200: Enveloped(z.string()) } } }, async () =>
      envelope('fine'),
    );
    routes.get('/throws', { config: access }, () => {
      throw thrown;
    });
    routes.get('/closed', { config: { ...access, access: 'signed-in' } }, async () => ({}));
    routes.get('/things/:id', { config: access }, async () => ({}));
    routes.delete('/things/:id', { config: access }, async () => ({}));
    routes.get(
      '/pages',
      { config: access, schema: { querystring: z.strictObject({ limit: z.coerce.number().optional() }) } },
      async () => ({}),
    );
    routes.post('/body', { config: access, schema: { body: Body } }, async ({ body }) => ({ got: body }));
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
const errorOf = (answer: { json: <T>() => T }) => answer.json<ErrorBody>().error;
function throwing(error: unknown) {
  thrown = error;
  lines.length = 0;
  return app.inject({ method: 'GET', url: '/throws' });
}

describe('every answer carries X-API-Version and X-Request-Id', () => {
  test.each([
    [200, 'GET', '/fine'],
    [404, 'GET', '/nowhere'],
    [405, 'PUT', '/fine'],
    [400, 'GET', '/things/%zz'],
    [401, 'GET', '/closed'],
    [500, 'GET', '/throws'],
    [413, 'POST', '/body'],
    [415, 'POST', '/body'],
    [400, 'POST', '/body'],
  ] as const)('%i to %s %s', async (status, method, url) => {
    thrown = new Error('x');
    const payload =
      status === 413 ? `"${'x'.repeat(SERVER_LIMITS.bodyBytes)}"` : status === 415 ? '<a/>' : '{';
    const type = status === 415 ? 'application/xml' : 'application/json';
    const answer = await app.inject(
      method === 'POST' ? { method, url, payload, headers: { 'content-type': type } } : { method, url },
    );
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['x-api-version']).toBe('1.0');
    expect(answer.headers['x-request-id']).toMatch(/^req-[\w-]{36}$/);
  });
});

test.each(['abc-123', 'A.b_c', 'x'.repeat(128)])('a sane X-Request-Id is kept: %s', async (id) => {
  for (const url of ['/fine', '/nowhere', '/things/%zz']) {
    const answer = await app.inject({ method: 'GET', url, headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toBe(id);
  }
});

test.each(['', 'two words', 'x'.repeat(129), '<script>', 'a"b', 'é', 'a,b'])(
  'an X-Request-Id that is no harmless word is replaced: %s',
  async (id) => {
    const answer = await app.inject({ method: 'GET', url: '/fine', headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(/^req-[\w-]{36}$/);
  },
);

test('a known path with another method is 405 with Allow; an unknown path is 404', async () => {
  const known = await app.inject({ method: 'PATCH', url: '/things/7?x=1' });
  expect(known.statusCode).toBe(405);
  expect(known.headers.allow).toBe('DELETE, GET, HEAD');
  const unknown = await app.inject({ method: 'PATCH', url: '/things/7/parts' });
  expect(unknown.statusCode).toBe(404);
  expect(unknown.headers).not.toHaveProperty('allow');
});

test('an unmatched route answers in XML, as the platform document says', async () => {
  const { body } = await app.inject({ method: 'GET', url: '/nowhere' });
  expect(body).toContain('<code>404</code>\n  <message>Resource not found</message>');
});

describe('a body that cannot be read', () => {
  test('broken JSON is 400 and says so', async () => {
    const answer = await post('{"name": ');
    expect([answer.statusCode, errorOf(answer).message]).toEqual([400, 'The body is not valid JSON.']);
  });
  test('an empty body is 400 and asks for an object', async () => {
    const answer = await post('');
    expect([answer.statusCode, errorOf(answer).message]).toEqual([
      400,
      'The body is empty: send a JSON object.',
    ]);
  });
  test.each([
    '{"name": "x", "__proto__": {"isAdmin": true}}',
    '{"name": "x", "constructor": {"prototype": {}}}',
  ])('JSON that would poison prototypes is 400: %s', async (payload) => {
    expect((await post(payload)).statusCode).toBe(400);
    expect({}).not.toHaveProperty('isAdmin');
  });
  test('a body over the limit is 413 and says to send less', async () => {
    const answer = await post(JSON.stringify({ name: 'x'.repeat(SERVER_LIMITS.bodyBytes) }));
    expect([answer.statusCode, errorOf(answer).message]).toEqual([
      413,
      'The body is too large: send it in smaller parts.',
    ]);
  });
  test.each(['application/xml', 'text/csv', 'nonsense'])('Content-Type %s is 415', async (type) => {
    expect((await post('<a/>', { 'content-type': type })).statusCode).toBe(415);
  });
  test.each(['gzip', 'br', 'GZIP, identity'])(
    'Content-Encoding %s is 415 and says to send it uncompressed',
    async (encoding) => {
      const answer = await post(gzipSync('{"name":"x"}'), { 'content-encoding': encoding });
      expect(answer.statusCode).toBe(415);
      expect(errorOf(answer).message).toContain('send the body uncompressed');
    },
  );
  test('Content-Encoding: identity is none', async () => {
    expect((await post('{"name":"x"}', { 'content-encoding': 'identity' })).statusCode).toBe(200);
  });
});

describe('a body that its schema refuses is 400 and names the field', () => {
  test.each([
    [{ name: 'x', color: 'red' }, 'color', 'is not known here: leave it out'],
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
    const answer = await post(JSON.stringify(body));
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer).details).toEqual([{ field, message }]);
    expect(errorOf(answer).message).toBe(`${field}: ${message}`);
  });
  test('so is a query', async () => {
    const answer = await app.inject({ method: 'GET', url: '/pages?limti=5' });
    expect(errorOf(answer)).toMatchObject({ code: 400, details: [{ field: 'limti' }] });
  });
});

describe('what is thrown', () => {
  test('an Error is 500 without a word of it, and is logged with its cause and the request id', async () => {
    const answer = await throwing(new Error('secret path /etc/x', { cause: new Error('deeper') }));
    expect(answer.statusCode).toBe(500);
    expect(errorOf(answer)).toEqual({
      message: 'Internal Server Error',
      code: 500,
      request_id: answer.headers['x-request-id'],
    });
    const line = lines.find(({ msg }) => msg === 'request failed')!;
    expect(JSON.stringify(line.err)).toContain('secret path');
    expect(JSON.stringify(line.err)).toContain('deeper');
    expect(line.err!['stack']).toContain('create-server.test.ts');
    expect(line['reqId']).toBe(answer.headers['x-request-id']);
  });
  test.each(['text', null, undefined, 42, { statusCode: 200 }, { statusCode: 'x' }])(
    '%j is 500',
    async (value) => {
      expect((await throwing(value)).statusCode).toBe(500);
    },
  );
  test.each(Object.keys(failures) as FailureCode[])('Failure %s has its status', async (code) => {
    const answer = await throwing(new Failure(code));
    expect(answer.statusCode).toBe(failures[code].status);
    expect(errorOf(answer)).toMatchObject({ code: failures[code].status, message: failures[code].message });
  });
  test('a Failure with retryAfter has Retry-After', async () => {
    const answer = await throwing(new Failure('unavailable', 'Later.', { retryAfter: 7 }));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '7']);
  });
  test('an error of a database that is away is 503 with Retry-After, and says nothing of it', async () => {
    const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', name: 'away' });
    const error: unknown = await pingDatabase(db).catch((reason: unknown) => reason);
    const answer = await throwing(error);
    await db.$disconnect();
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
    expect(answer.body).not.toMatch(/127\.0\.0\.1|prisma/i);
  });
});

describe('on a socket', () => {
  let port: number;
  beforeAll(async () => {
    // As LIMITS.request, in a time a test can wait for.
    Object.assign(app.server, { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    port = (app.server.address() as AddressInfo).port;
  });
  async function say(words: string) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(words);
    return text(socket);
  }

  test.each([
    '\x16\x03\x01 not HTTP at all\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /fine HTTP/1.1\r\nbad header\r\n\r\n',
  ])('garbage is answered 400 and the connection closed: %j', async (garbage) => {
    const answer = await say(garbage);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/X-API-Version: 1\.0\r\nX-Request-Id: req-/);
    expect(answer).toContain('<code>400</code>');
  });
  test('headers beyond every measure are 431', async () => {
    expect(await say(`GET /fine HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
  test('a body that never ends is cut off with 408', async () => {
    const answer = await say(
      'POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name":',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
  test('two Content-Lengths are refused, not guessed at', async () => {
    expect(
      await say('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc'),
    ).toMatch(/^HTTP\/1\.1 400 /);
  });
});
