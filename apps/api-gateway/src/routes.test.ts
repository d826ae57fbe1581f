import { scopes } from '@oriontel/contracts';
import type { KnownRoute } from '@oriontel/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isQueueBoardRoute } from './queue-board/queue-board.ts';
import { routeCases } from './route-cases/index.ts';
import {
  actors,
  routeName,
  type RouteRequest,
  type RouteCase,
  type Actor,
} from './route-cases/route-case.ts';
import {
  startTestGateway,
  PASSWORD,
  type TestResponse,
  type ErrorBody,
  type TestGateway,
} from './testing.ts';

// Test cases are generated before the hooks run, so the routes come from a gateway of their own.
const routes = await (async (): Promise<KnownRoute[]> => {
  const gateway = await startTestGateway();
  const known = gateway.app.knownRoutes.filter(({ method }) => method !== 'HEAD');
  await gateway.close();
  return known;
})();
// Errors and documentation are public and have their own tests.
const UNTESTED_PATHS = ['/', '/documentation', '/errors'];
// The routes of the queue board are tested in queue-board.test.ts.
const testedRoutes = routes.filter(
  ({ url, limit }) => limit !== 'none' && !UNTESTED_PATHS.includes(url) && !isQueueBoardRoute(url),
);

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
let keys: Record<string, { with: string; without: string }>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker();
  async function keyWith(wanted: readonly string[]): Promise<string> {
    const body = { name: 'node', scopes: wanted };
    const { json } = await gateway.call<{ data: { key: string } }>('/api-keys', {
      as: gateway.ours.manager,
      body,
    });
    return `Bearer ${json.data.key}`;
  }
  keys = {};
  for (const scope of scopes)
    keys[scope] = { with: await keyWith([scope]), without: await keyWith(scopes.filter((s) => s !== scope)) };
}, 60_000);
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

const usernames = {
  admin: 'admin',
  manager: 'ours-manager',
  member: 'ours-member',
  unassigned: 'unassigned',
};

async function credentialsOf(
  actor: Actor,
  route: KnownRoute,
  newSession = false,
): Promise<string | undefined> {
  if (actor === 'guest') return undefined;
  if (actor === 'bad token') return 'Bearer nonsense';
  const scope = (typeof route.access === 'object' && route.access.scope) || 'cdr:write';
  if (actor === 'key with') return keys[scope]!.with;
  if (actor === 'key without') return keys[scope]!.without;
  if (newSession) {
    const body = { username: usernames[actor], password: PASSWORD };
    const { json } = await gateway.call<{ data: { token: string } }>('/auth/login', { body });
    return `Bearer ${json.data.token}`;
  }
  const { admin, ours, unassigned } = gateway;
  return { admin, manager: ours.manager, member: ours.member, unassigned }[actor];
}

const roles = { admin: 'admin', manager: 'manager', member: 'user', unassigned: 'user' } as const;

/** The status that follows from the `access` of the route; without an organization a user gets 403. */
function expectedStatus(
  { access }: KnownRoute,
  { status, statusOverrides, orgIdIn, otherOrgStatus }: RouteCase,
  actor: Actor,
): number {
  if (statusOverrides?.[actor] !== undefined) return statusOverrides[actor];
  if (access === 'anyone') return status;
  if (actor === 'bad token') return 401;
  if (access === 'guest') return status;
  if (actor === 'guest') return 401;
  if (actor === 'key without') return 403;
  if (actor === 'key with') return typeof access === 'object' && access.scope ? status : 403;
  if (typeof access === 'object' && !access.roles.includes(roles[actor])) return 403;
  return actor === 'unassigned' && (otherOrgStatus === 404 || orgIdIn) ? 403 : status;
}

function send(route: KnownRoute, { url, body, headers }: RouteRequest, as?: string): Promise<TestResponse> {
  return gateway.call(url, {
    method: route.method as 'GET',
    as,
    headers: { ...headers },
    ...(body !== undefined && { body }),
  });
}

function withQuery(url: string, query: Record<string, string> = {}): string {
  return Object.entries(query).reduce(
    (all, [name, value]) => `${all}${all.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`,
    url,
  );
}

/** Expects the error format of the route's family, without internals. */
function expectError(response: TestResponse, route: KnownRoute, status: number, field?: string): void {
  expect([response.status, response.body]).toEqual([status, expect.anything()]);
  expect(response.headers['x-api-version']).toBe('1.0');
  expect(response.headers['x-request-id']).toBeTruthy();
  expect(response.body).not.toMatch(/prisma|postgres|select |node_modules|\.ts:/i);
  if (route.family === 'platform') {
    expect(response.headers['content-type']).toContain('application/xml');
    expect(response.body).toContain(`<code>${status}</code>`);
    if (field) expect(response.body).toContain(field);
    return;
  }
  const { error } = response.json as ErrorBody;
  expect(response.headers['content-type']).toContain('application/json');
  expect(error.code).toBe(status);
  expect(error.message.length).toBeGreaterThan(5);
  if (field) expect(JSON.stringify(error)).toContain(field);
}

function expectSuccess(response: TestResponse, route: KnownRoute, expected: RouteCase): void {
  expect([response.status, response.body]).toEqual([expected.status, expect.anything()]);
  expect(response.headers['x-api-version']).toBe('1.0');
  expect(response.headers['x-request-id']).toBeTruthy();
  if (expected.status === 204) return expect(response.body).toBe('');
  if (route.produces.length)
    expect(route.produces).toContain(response.headers['content-type']!.split(';')[0]);
  if (route.family === 'platform' || route.produces.length) return;
  const { data, meta } = response.json as { data: unknown; meta: Record<string, unknown> };
  expect(data).toBeDefined();
  expect(meta).toMatchObject({ version: '1.0', timestamp: expect.stringMatching(/Z$/) as string });
  if (expected.paginated) {
    const { pagination } = meta as { pagination: { limit: number; offset: number; total: number } };
    expect(pagination).toEqual({ limit: 100, offset: 0, total: expect.any(Number) as number });
    expect((data as unknown[]).length).toBe(Math.min(pagination.total, 100));
  }
}

test('routeCases covers exactly the routes under test', () => {
  expect(Object.keys(routeCases).sort()).toEqual(testedRoutes.map(routeName).sort());
});

describe.each(testedRoutes.map((route) => [routeName(route), route] as const))('%s', (name, route) => {
  const expected = routeCases[name]!;
  const writes = route.method !== 'GET';
  const onlyAdmins = typeof route.access === 'object' && !route.access.roles.includes('manager');
  /** An actor that may use the route: a manager, or an admin for admin routes. */
  const authorized = () => (onlyAdmins ? gateway.admin : gateway.ours.manager);

  test.for(actors)('%s', async (actor) => {
    const as = await credentialsOf(actor, route, expected.endsSession);
    const request = await expected.example(gateway, actor);
    const response = await send(route, request, as);
    const status = expectedStatus(route, expected, actor);
    if (status >= 400) return expectError(response, route, status);
    expectSuccess(response, route, { ...expected, status: status as RouteCase['status'] });
    if (actor === 'manager' && expected.data !== undefined)
      expect((response.json as { data: unknown }).data).toMatchObject(expected.data as object);
    if (actor === 'manager' && request.marker) expect(response.body).toContain(request.marker);
    if (actor === 'unassigned' && request.marker) expect(response.body).not.toContain(request.marker);
  });

  test('a manager of another organization', async () => {
    const request = await expected.example(gateway, 'manager');
    const as = expected.endsSession ? await signInAs('theirs-manager') : gateway.theirs.manager;
    const response = await send(route, request, as);
    expect([response.status, response.body]).toEqual([expected.otherOrgStatus, expect.anything()]);
    if (request.marker) expect(response.body).not.toContain(request.marker);
  });

  test('errors are XML or JSON as Accept requests', async () => {
    if (route.access === 'anyone' || route.access === 'guest') return;
    const request = await expected.example(gateway, 'guest');
    const xml = await send(route, { ...request, headers: { accept: 'application/xml' } });
    expect([xml.status, xml.headers['content-type']]).toEqual([
      401,
      expect.stringContaining('application/xml'),
    ]);
    const json = await send(route, { ...request, headers: { accept: 'application/json' } });
    expect([json.status, json.headers['content-type']]).toEqual([401, expect.stringContaining('json')]);
  });

  test('another method is 405 with Allow', async () => {
    const { url } = await expected.example(gateway, 'manager');
    const response = await gateway.call(url, { method: 'PATCH', as: gateway.admin, body: {} });
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toContain(route.method);
  });

  if (expected.orgIdIn) {
    function withOrgId({ url, body, ...rest }: RouteRequest, orgId: number): RouteRequest {
      return expected.orgIdIn === 'query'
        ? {
            ...rest,
            ...(body !== undefined && { body }),
            url: withQuery(url.replace(/[?&]org_id=\d+/, ''), { org_id: String(orgId) }),
          }
        : { ...rest, url, body: { ...(body as object), org_id: orgId } };
    }

    test('org_id accepts the own organization, and any for an admin', async () => {
      const { ours, theirs, admin } = gateway;
      async function sendAs(as: string, orgId: number) {
        return send(route, withOrgId(await expected.example(gateway, 'manager'), orgId), as);
      }
      expectSuccess(await sendAs(ours.manager, ours.orgId), route, expected);
      expectError(await sendAs(theirs.manager, ours.orgId), route, 403);
      const byAdmin = await sendAs(admin, ours.orgId);
      expectSuccess(byAdmin, route, expected);
      if (expected.orgIdIn === 'body') expect(byAdmin.json).toMatchObject({ data: { org_id: ours.orgId } });
      for (const invalid of [0, 2_147_483_648, 1.5])
        expectError(await sendAs(admin, invalid), route, 400, 'org_id');
      if (expected.orgIdIn === 'body') expectError(await sendAs(admin, 2_147_483_647), route, 404);
    });
  }

  if (expected.paginated) {
    test.each([
      ['limit', '0'],
      ['limit', '501'],
      ['limit', 'all'],
      ['limit', '1.5'],
      ['offset', '-1'],
      ['offset', 'x'],
      ['surprise', '1'],
    ])('%s=%s is 400', async (field, value) => {
      const { url } = await expected.example(gateway, 'manager');
      const response = await send(route, { url: withQuery(url, { [field]: value }) }, gateway.ours.manager);
      expectError(response, route, 400, field);
    });
  }

  if (writes && route.family === 'oriontel') {
    async function sendBody(headers: Record<string, string>, body: string) {
      const { url, ...request } = await expected.example(gateway, 'manager');
      if (request.body === undefined) return null;
      return send(route, { url, headers, body }, authorized());
    }
    const json = { 'content-type': 'application/json' };
    test.each([
      ['invalid JSON', json, '{"a":', 400],
      ['an empty body', json, '', 400],
      ['null', json, 'null', 400],
      ['a list', json, '[]', 400],
      ['an unknown member', json, '{"surprise":1}', 400],
      ['a __proto__ member', json, '{"__proto__":{"role":"admin"}}', 400],
      ['text', { 'content-type': 'text/plain' }, 'hello', 415],
      ['a body above the size limit', json, `{"name":"${'x'.repeat(1_100_000)}"}`, 413],
    ])('%s', async (_description, headers, body, status) => {
      const response = await sendBody(headers, body);
      if (response) expectError(response, route, status);
    });

    test('a valid body with an additional member', async () => {
      const { url, body } = await expected.example(gateway, 'manager');
      if (body === undefined) return;
      const more = { ...(body as object), surprise: 1 };
      expectError(await send(route, { url, body: more }, authorized()), route, 400, 'surprise');
    });
  }

  for (const [description, invalid] of Object.entries(expected.invalidRequests ?? {})) {
    test(`${description} is ${invalid.status}`, async () => {
      const example = await expected.example(gateway, 'manager');
      const body = invalid.body === undefined ? example.body : (invalid.body as object);
      const url = withQuery(invalid.url ?? example.url, invalid.query);
      const response = await send(route, { url, ...(body !== undefined && { body }) }, authorized());
      expectError(response, route, invalid.status, invalid.field);
    });
  }
});

async function signInAs(username: string): Promise<string> {
  const { json } = await gateway.call<{ data: { token: string } }>('/auth/login', {
    body: { username, password: PASSWORD },
  });
  return `Bearer ${json.data.token}`;
}
