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

// Asked of a gateway that is never used: the tests are made from its routes before any of them runs.
const routes = await (async (): Promise<KnownRoute[]> => {
  const gateway = await startTestGateway();
  const known = gateway.app.knownRoutes.filter(({ method }) => method !== 'HEAD');
  await gateway.close();
  return known;
})();
// Errors and documentation have tests of their own: there is nobody whom they keep out.
const untried = ['/', '/documentation', '/errors'];
// The pages of the queue board: queue-board.test.ts tries each of them.
const tried = routes.filter(
  ({ url, limit }) => limit !== 'none' && !untried.includes(url) && !isQueueBoardRoute(url),
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

const usernames = { admin: 'admin', manager: 'ours-manager', member: 'ours-member', loner: 'loner' };

async function credentialsOf(who: Actor, route: KnownRoute, afresh = false): Promise<string | undefined> {
  if (who === 'guest') return undefined;
  if (who === 'bad token') return 'Bearer nonsense';
  const scope = (typeof route.access === 'object' && route.access.scope) || 'cdr:write';
  if (who === 'key with') return keys[scope]!.with;
  if (who === 'key without') return keys[scope]!.without;
  if (afresh) {
    const body = { username: usernames[who], password: PASSWORD };
    const { json } = await gateway.call<{ data: { token: string } }>('/auth/login', { body });
    return `Bearer ${json.data.token}`;
  }
  const { admin, ours, loner } = gateway;
  return { admin, manager: ours.manager, member: ours.member, loner }[who];
}

const roles = { admin: 'admin', manager: 'manager', member: 'user', loner: 'user' } as const;

/** What the route's own `access` lets expect; whoever belongs to no organization reads nothing of one. */
function expectedStatus(
  { access }: KnownRoute,
  { status, statusOverrides, orgIdIn, otherOrgStatus }: RouteCase,
  who: Actor,
): number {
  if (statusOverrides?.[who] !== undefined) return statusOverrides[who];
  if (access === 'anyone') return status;
  if (who === 'bad token') return 401;
  if (access === 'guest') return status;
  if (who === 'guest') return 401;
  if (who === 'key without') return 403;
  if (who === 'key with') return typeof access === 'object' && access.scope ? status : 403;
  if (typeof access === 'object' && !access.roles.includes(roles[who])) return 403;
  return who === 'loner' && (otherOrgStatus === 404 || orgIdIn) ? 403 : status;
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

/** In the format of the route's family; the status also in the body. */
function expectError(answer: TestResponse, route: KnownRoute, status: number, field?: string): void {
  expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
  expect(answer.headers['x-api-version']).toBe('1.0');
  expect(answer.headers['x-request-id']).toBeTruthy();
  expect(answer.body).not.toMatch(/prisma|postgres|select |node_modules|\.ts:/i);
  if (route.family === 'platform') {
    expect(answer.headers['content-type']).toContain('application/xml');
    expect(answer.body).toContain(`<code>${status}</code>`);
    if (field) expect(answer.body).toContain(field);
    return;
  }
  const { error } = answer.json as ErrorBody;
  expect(answer.headers['content-type']).toContain('application/json');
  expect(error.code).toBe(status);
  expect(error.message.length).toBeGreaterThan(5);
  if (field) expect(JSON.stringify(error)).toContain(field);
}

function expectSuccess(answer: TestResponse, route: KnownRoute, expected: RouteCase): void {
  expect([answer.status, answer.body]).toEqual([expected.status, expect.anything()]);
  expect(answer.headers['x-api-version']).toBe('1.0');
  expect(answer.headers['x-request-id']).toBeTruthy();
  if (expected.status === 204) return expect(answer.body).toBe('');
  if (route.produces.length) expect(route.produces).toContain(answer.headers['content-type']!.split(';')[0]);
  if (route.family === 'platform' || route.produces.length) return;
  const { data, meta } = answer.json as { data: unknown; meta: Record<string, unknown> };
  expect(data).toBeDefined();
  expect(meta).toMatchObject({ version: '1.0', timestamp: expect.stringMatching(/Z$/) as string });
  if (expected.paginated) {
    const { pagination } = meta as { pagination: { limit: number; offset: number; total: number } };
    expect(pagination).toEqual({ limit: 100, offset: 0, total: expect.any(Number) as number });
    expect((data as unknown[]).length).toBe(Math.min(pagination.total, 100));
  }
}

test('every route is tried here, and nothing else', () => {
  expect(Object.keys(routeCases).sort()).toEqual(tried.map(routeName).sort());
});

describe.each(tried.map((route) => [routeName(route), route] as const))('%s', (name, route) => {
  const expected = routeCases[name]!;
  const writes = route.method !== 'GET';
  const onlyAdmins = typeof route.access === 'object' && !route.access.roles.includes('manager');
  /** Whoever is refused for what is sent, and not for who it is: a manager, unless the route is the admins'. */
  const mightiest = () => (onlyAdmins ? gateway.admin : gateway.ours.manager);

  test.for(actors)('%s', async (who) => {
    const as = await credentialsOf(who, route, expected.endsSession);
    const request = await expected.example(gateway, who);
    const answer = await send(route, request, as);
    const status = expectedStatus(route, expected, who);
    if (status >= 400) return expectError(answer, route, status);
    expectSuccess(answer, route, { ...expected, status: status as RouteCase['status'] });
    if (who === 'manager' && expected.data !== undefined)
      expect((answer.json as { data: unknown }).data).toMatchObject(expected.data as object);
    if (who === 'manager' && request.marker) expect(answer.body).toContain(request.marker);
    if (who === 'loner' && request.marker) expect(answer.body).not.toContain(request.marker);
  });

  test('a manager of another organization', async () => {
    const request = await expected.example(gateway, 'manager');
    const as = expected.endsSession ? await signInAs('theirs-manager') : gateway.theirs.manager;
    const answer = await send(route, request, as);
    expect([answer.status, answer.body]).toEqual([expected.otherOrgStatus, expect.anything()]);
    if (request.marker) expect(answer.body).not.toContain(request.marker);
  });

  test('an error in XML, where Accept asks for it, and in JSON', async () => {
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

  test('another method is 405 and told which there are', async () => {
    const { url } = await expected.example(gateway, 'manager');
    const answer = await gateway.call(url, { method: 'PATCH', as: gateway.admin, body: {} });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toContain(route.method);
  });

  if (expected.orgIdIn) {
    function said({ url, body, ...rest }: RouteRequest, orgId: number): RouteRequest {
      return expected.orgIdIn === 'query'
        ? {
            ...rest,
            ...(body !== undefined && { body }),
            url: withQuery(url.replace(/[?&]org_id=\d+/, ''), { org_id: String(orgId) }),
          }
        : { ...rest, url, body: { ...(body as object), org_id: orgId } };
    }

    test("org_id: one's own, another's, and any for an admin", async () => {
      const { ours, theirs, admin } = gateway;
      async function ask(as: string, orgId: number) {
        return send(route, said(await expected.example(gateway, 'manager'), orgId), as);
      }
      expectSuccess(await ask(ours.manager, ours.orgId), route, expected);
      expectError(await ask(theirs.manager, ours.orgId), route, 403);
      const byAdmin = await ask(admin, ours.orgId);
      expectSuccess(byAdmin, route, expected);
      if (expected.orgIdIn === 'body') expect(byAdmin.json).toMatchObject({ data: { org_id: ours.orgId } });
      for (const nonsense of [0, 2_147_483_648, 1.5])
        expectError(await ask(admin, nonsense), route, 400, 'org_id');
      if (expected.orgIdIn === 'body') expectError(await ask(admin, 2_147_483_647), route, 404);
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
      const answer = await send(route, { url: withQuery(url, { [field]: value }) }, gateway.ours.manager);
      expectError(answer, route, 400, field);
    });
  }

  if (writes && route.family === 'oriontel') {
    async function to(headers: Record<string, string>, body: string) {
      const { url, ...request } = await expected.example(gateway, 'manager');
      if (request.body === undefined) return null;
      return send(route, { url, headers, body }, mightiest());
    }
    const json = { 'content-type': 'application/json' };
    test.each([
      ['JSON that is none', json, '{"a":', 400],
      ['an empty body', json, '', 400],
      ['null', json, 'null', 400],
      ['a list', json, '[]', 400],
      ['a member that is not known', json, '{"surprise":1}', 400],
      ['a prototype', json, '{"__proto__":{"role":"admin"}}', 400],
      ['text', { 'content-type': 'text/plain' }, 'hello', 415],
      ['a megabyte too much', json, `{"name":"${'x'.repeat(1_100_000)}"}`, 413],
    ])('%s', async (_what, headers, body, status) => {
      const answer = await to(headers, body);
      if (answer) expectError(answer, route, status);
    });

    test('a good body with one more member', async () => {
      const { url, body } = await expected.example(gateway, 'manager');
      if (body === undefined) return;
      const more = { ...(body as object), surprise: 1 };
      expectError(await send(route, { url, body: more }, mightiest()), route, 400, 'surprise');
    });
  }

  for (const [what, mistake] of Object.entries(expected.invalidRequests ?? {})) {
    test(`${what} is ${mistake.status}`, async () => {
      const example = await expected.example(gateway, 'manager');
      const body = mistake.body === undefined ? example.body : (mistake.body as object);
      const url = withQuery(mistake.url ?? example.url, mistake.query);
      const answer = await send(route, { url, ...(body !== undefined && { body }) }, mightiest());
      expectError(answer, route, mistake.status, mistake.field);
    });
  }
});

async function signInAs(username: string): Promise<string> {
  const { json } = await gateway.call<{ data: { token: string } }>('/auth/login', {
    body: { username, password: PASSWORD },
  });
  return `Bearer ${json.data.token}`;
}
