import { Failure, type Principal, type Role, type Scope } from '@oriontel/contracts';
import { createTestDatabase } from '@oriontel/database/testing';
import { createServer, guardRoutes, createLogger } from '@oriontel/service';
import type { HostReading } from './host-reading.ts';
import { systemRoutes } from './http.ts';

export const reading: HostReading = {
  metrics: {
    cpu_usage: 12.5,
    ram_usage: 41.07,
    swap_usage: 0,
    disk_usage: { total: 500_000, used: 200_000, free: 250_000, mount_point: '/' },
  },
  uptime: 86_400,
  load_average: [0.5, 0.25, 0.1],
  process_count: 142,
};

function user(role: Role, orgId: number | null): Principal {
  return {
    kind: 'user',
    id: 1,
    role,
    orgId,
    username: role,
    sessionId: 'session',
  };
}
function key(orgId: number, name: string, scopes: Scope[]): Principal {
  return {
    kind: 'key',
    id: '0190a5c0-0000-7000-8000-000000000001',
    orgId,
    scopes,
    name,
  };
}

/** Who says `Bearer <name>`; the number is the organization. */
const principals: Record<string, Principal> = {
  admin: user('admin', 1),
  'manager-1': user('manager', 1),
  'manager-2': user('manager', 2),
  'user-1': user('user', 1),
  'manager-none': user('manager', null),
  'user-none': user('user', null),
  'key-1': key(1, 'pbx-01.example', ['metrics:write']),
  'key-1-spoken': key(1, 'The PBX downstairs', ['metrics:write']),
  'key-1-cdr': key(1, 'pbx-01.example', ['cdr:write']),
};

export interface TestResponse<T> {
  status: number;
  headers: Record<string, unknown>;
  data: T;
  meta: { timestamp: string; version: string; pagination: { limit: number; offset: number; total: number } };
  error: { message: string; code: number; details?: { field: string; message: string }[] };
}

/** The routes of this lib on a database of their own and a host that says what the test says. Organizations 1 and 2 exist. */
export async function createTestSystem() {
  const { db, drop } = await createTestDatabase();
  const app = createServer(createLogger('test', 'silent'));
  guardRoutes(app, async (authorization) => {
    if (authorization === undefined) return null;
    const principal = principals[authorization.replace('Bearer ', '')];
    if (!principal) throw new Failure('unauthorized', 'Who is that?');
    return principal;
  });
  const host = { latest: async () => reading };
  await app.register(systemRoutes, {
    db,
    host: { latest: () => host.latest() },
    organizationExists: async (orgId) => orgId <= 2,
  });

  async function call<T>(
    method: 'GET' | 'POST',
    url: string,
    { as, body }: { as?: string | undefined; body?: unknown } = {},
  ): Promise<TestResponse<T>> {
    const headers = as === undefined ? {} : { authorization: `Bearer ${as}` };
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers, ...payload });
    const json = answer.json<Pick<TestResponse<T>, 'data' | 'meta' | 'error'>>();
    return { status: answer.statusCode, headers: answer.headers, ...json };
  }

  async function close() {
    await app.close();
    await drop();
  }
  return { db, host, call, close };
}
export type TestSystem = Awaited<ReturnType<typeof createTestSystem>>;
