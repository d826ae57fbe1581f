import { Failure, type Principal } from '@oriontel/contracts';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import type { Access } from './route-config.ts';
import { createTestServer } from './testing.ts';

function user(role: 'admin' | 'manager' | 'user'): Principal {
  return {
    kind: 'user',
    id: 1,
    role,
    orgId: 1,
    username: role,
    sessionId: 'session',
  };
}
const principals: Record<string, Principal> = {
  admin: user('admin'),
  manager: user('manager'),
  user: user('user'),
  'key with cdr:write': { kind: 'key', id: 'k', orgId: 1, scopes: ['cdr:write'], name: 'k' },
  'key without scope': { kind: 'key', id: 'k', orgId: 1, scopes: ['logs:write'], name: 'k' },
};
async function authenticate(authorization: string | undefined) {
  if (authorization === undefined) return null;
  const principal = principals[authorization.replace(/^Bearer /, '')];
  if (!principal) throw new Failure('unauthorized', 'Invalid credentials.');
  return principal;
}

const routes: Record<string, Access> = {
  anyone: 'anyone',
  guest: 'guest',
  'signed-in': 'signed-in',
  managers: { roles: ['admin', 'manager'] },
  intake: { roles: ['admin', 'manager'], scope: 'cdr:write' },
};

let app: HttpServer;
beforeAll(async () => {
  ({ app } = await createTestServer((inner) => {
    for (const [name, access] of Object.entries(routes)) {
      inner.get(`/${name}`, { config: { family: 'oriontel', access } }, async ({ principal }) => ({
        principal,
      }));
    }
    for (const method of ['GET', 'POST'] as const)
      inner.route({
        method,
        url: '/page',
        config: { family: 'oriontel', access: 'signed-in', cookie: 'session' },
        handler: async ({ principal }) => ({ principal }),
      });
    inner.post(
      '/intake',
      { bodyLimit: 64 << 20, config: { family: 'oriontel', access: routes['intake']! } },
      async () => ({}),
    );
  }, authenticate));
});
afterAll(() => app.close());

function get(route: string, authorization?: string) {
  return app.inject({
    method: 'GET',
    url: `/${route}`,
    headers: authorization === undefined ? {} : { authorization },
  });
}

describe.each([
  ['no credentials', { anyone: 200, guest: 200, 'signed-in': 401, managers: 401, intake: 401 }],
  ['invalid credentials', { anyone: 200, guest: 401, 'signed-in': 401, managers: 401, intake: 401 }],
  ['admin', { anyone: 200, guest: 200, 'signed-in': 200, managers: 200, intake: 200 }],
  ['manager', { anyone: 200, guest: 200, 'signed-in': 200, managers: 200, intake: 200 }],
  ['user', { anyone: 200, guest: 200, 'signed-in': 200, managers: 403, intake: 403 }],
  ['key with cdr:write', { anyone: 200, guest: 200, 'signed-in': 403, managers: 403, intake: 200 }],
  ['key without scope', { anyone: 200, guest: 200, 'signed-in': 403, managers: 403, intake: 403 }],
])('%s', (caller, statuses) => {
  test.each(Object.entries(statuses))('at route %s gets %i', async (route, status) => {
    expect((await get(route, caller === 'no credentials' ? undefined : caller)).statusCode).toBe(status);
  });
});

test('request.principal is the caller, or null for a guest without credentials', async () => {
  expect((await get('guest', 'manager')).json()).toEqual({ principal: principals['manager'] });
  expect((await get('guest')).json()).toEqual({ principal: null });
});

test('a 403 names the required role or scope', async () => {
  async function messageFor(route: string, caller: string) {
    return (await get(route, caller)).json<{ error: { message: string } }>().error.message;
  }
  expect(await messageFor('managers', 'user')).toContain('admin or manager');
  expect(await messageFor('intake', 'key without scope')).toContain('cdr:write');
  expect(await messageFor('managers', 'key with cdr:write')).toContain('sign in');
});

test('a 401 lists the authentication schemes', async () => {
  expect((await get('intake')).headers['www-authenticate']).toBe(
    'Bearer realm="OrionTel", Basic realm="OrionTel"',
  );
});

test('an unknown path is 404 without credentials', async () => {
  expect((await get('nowhere')).statusCode).toBe(404);
});

describe('a route with a cookie', () => {
  const cookie = 'theme=dark; session=admin';
  function request(method: 'GET' | 'POST', headers: Record<string, string>) {
    return app.inject({ method, url: '/page', headers: { host: 'gateway.example', ...headers } });
  }

  test('accepts the token in the cookie instead of the Authorization header', async () => {
    expect((await request('GET', { cookie })).json()).toMatchObject({ principal: principals['admin'] });
    expect((await request('GET', { cookie: 'theme=dark' })).statusCode).toBe(401);
    expect((await request('GET', { cookie, authorization: 'unknown' })).statusCode).toBe(401);
  });

  test.each([
    [200, { 'sec-fetch-site': 'same-origin' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
    [403, { 'sec-fetch-site': 'same-site', origin: 'https://gateway.example' }],
    [200, { origin: 'http://gateway.example' }],
    [403, { origin: 'http://other.example' }],
    [403, { origin: 'null' }],
    [403, {}],
  ])('returns %i for an unsafe method with %j', async (status, headers) => {
    expect((await request('POST', { cookie, ...headers })).statusCode).toBe(status);
  });

  test('accepts an unsafe cross-site request with an Authorization header', async () => {
    const headers = { authorization: 'admin', 'sec-fetch-site': 'cross-site' };
    expect((await request('POST', headers)).statusCode).toBe(200);
  });
});

test('registering a route without access throws', async () => {
  const registration = createTestServer((inner) => void inner.get('/open', async () => ({})));
  await expect(registration).rejects.toThrow('/open has no access');
});

test('a 401 is sent before the body is received', async () => {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    'POST /intake HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${32 << 20}\r\n\r\n`,
  );
  const [response] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(response.toString()).toMatch(/^HTTP\/1\.1 401 /);
});
