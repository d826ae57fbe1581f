import { Failure, scopes, type Principal, type Role, type Scope } from '@oriontel/contracts';
import { createServer } from './http/create-server.ts';
import { guardRoutes } from './http/guard-routes.ts';
import type { HttpServer } from './http/http-server.ts';
import { createLogger, type Logger } from './log.ts';

export { cpuTimeMs } from './testing/cpu-time.ts';
export { bundleProgram } from './testing/bundle-program.ts';
export { createTestServer, type LogLine } from './http/testing.ts';

export interface TestRequest {
  /** Default: GET without a body, POST with one. */
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** The Authorization header. */
  as?: string | undefined;
  headers?: Record<string, string>;
  /** An object is sent as JSON; text and bytes as they are. */
  body?: object | string | Buffer;
}

export interface TestResponse<T = unknown> {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
  /** The parsed body of a JSON response. */
  json: T;
}

/** An error in its JSON format. */
export interface ErrorBody {
  error: { message: string; code: number; details?: { field: string; message: string }[] };
}

/** A page of a list with a cursor. */
export interface ListBody<T> {
  data: T[];
  meta: { next_cursor: string | null };
}

/** Organizations of the fake principals below, in addition to the default organization 1. */
export const TEST_ORG_IDS = { ours: 2, theirs: 3 };

/** Authorization headers of fake principals: route tests need no sign-in. */
export const testActors = {
  admin: 'Bearer admin',
  ours: testOrganization('ours'),
  theirs: testOrganization('theirs'),
  /** A user of no organization. */
  unassigned: 'Bearer unassigned',
  /** A key of `ours` with every scope except cdr:write. */
  keyWithoutScope: keyWith(scopes.filter((scope) => scope !== 'cdr:write')),
};

function testOrganization(name: keyof typeof TEST_ORG_IDS) {
  return {
    orgId: TEST_ORG_IDS[name],
    manager: `Bearer ${name}-manager`,
    member: `Bearer ${name}-user`,
    /** A key with the scope cdr:write. */
    key: `${name}-key-cdr:write`,
    byKey: `Bearer ${name}-key-cdr:write`,
  };
}

/** The Authorization header of a key with these scopes. */
export function keyWith(wanted: readonly Scope[], org: keyof typeof TEST_ORG_IDS = 'ours'): string {
  return `Bearer ${org}-key-${wanted.join(',')}`;
}

/** HTTP Basic with an API key as the password, as FreeSWITCH sends it. */
export function basicAuthorization(key: string): string {
  return `Basic ${Buffer.from(`fs-node-01:${key}`).toString('base64')}`;
}

/**
 * The index gives each user a stable id, so that rules about own entities can be tested: admin 1,
 * ours-manager 2, …
 */
const USER_NAMES = ['admin', 'ours-manager', 'ours-user', 'theirs-manager', 'theirs-user', 'unassigned'];

/** The id of a fake user, e.g. `testUserId('ours-user')`. */
export function testUserId(name: string): number {
  return USER_NAMES.indexOf(name) + 1;
}

/** Resolves the fake credentials above. @throws Failure unauthorized for any other. */
export async function authenticateTestActor(authorization: string | undefined): Promise<Principal | null> {
  if (!authorization) return null;
  const [, scheme, value = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? [];
  const name =
    scheme === 'Basic' ? Buffer.from(value, 'base64').toString().split(':').slice(1).join(':') : value;
  const principal = principalNamed(name);
  if (!principal) throw new Failure('unauthorized', 'The token or API key is not valid.');
  return principal;
}

function principalNamed(name: string): Principal | null {
  const key = /^(ours|theirs)-key-(.*)$/.exec(name);
  if (key) {
    const orgId = TEST_ORG_IDS[key[1] as 'ours' | 'theirs'];
    return { kind: 'key', id: name, orgId, scopes: key[2]!.split(',') as Scope[], name };
  }
  if (!USER_NAMES.includes(name)) return null;
  const [org, kind] = name.split('-');
  const role: Role = name === 'admin' ? 'admin' : kind === 'manager' ? 'manager' : 'user';
  const orgId = TEST_ORG_IDS[org as 'ours' | 'theirs'] ?? (role === 'admin' ? 1 : null);
  return { kind: 'user', id: testUserId(name), role, orgId, username: name, sessionId: name };
}

/** A server with the routes of one feature behind the real guard, and the fake principals as its clients. */
export async function createTestApi(
  addRoutes: (app: HttpServer) => unknown,
  { log = createLogger('test', 'silent') }: { log?: Logger } = {},
) {
  const app = createServer(log);
  guardRoutes(app, authenticateTestActor);
  await addRoutes(app);
  await app.ready();
  return { app, call: createTestClient(app), ...testActors };
}

/** Sends requests to `app` without a network. */
export function createTestClient(app: HttpServer) {
  return async function sendRequest<T = unknown>(
    url: string,
    { method, as, headers, body }: TestRequest = {},
  ): Promise<TestResponse<T>> {
    const response = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: { ...(as === undefined ? {} : { authorization: as }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      headers: response.headers as TestResponse['headers'],
      body: response.body,
      json: (isJson ? JSON.parse(response.body) : undefined) as T,
    };
  };
}
export type TestClient = ReturnType<typeof createTestClient>;
