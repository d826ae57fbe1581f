import { createTestDatabase } from '@oriontel/database/testing';
import type { Principal } from '@oriontel/contracts';
import { createServer, guardRoutes, createLogger } from '@oriontel/service';
import type { Call } from './calls/call.ts';
import type { FinishedLeg } from './calls/finished-leg.ts';
import type { Extension } from './extensions/extension.ts';
import { pbxRoutes } from './http.ts';

export interface TestResponse<T> {
  status: number;
  data: T;
  meta: { pagination: { limit: number; offset: number; total: number } };
  error: { message: string; code: number; details?: { field: string; message: string }[] };
  body: string;
}

export interface TestRequest {
  /** `admin`, `stray` (of no organization), or one of organization 1 to 3: `manager-1`, `user-2`, `key-1` (calls:write). */
  as?: string | undefined;
  body?: unknown;
}

const ORGANIZATIONS = [1, 2, 3];

function principalOf(name: string): Principal {
  const [kind, org] = name.split('-');
  const orgId = Number(org);
  if (kind === 'key' || kind === 'cdrkey')
    return { kind: 'key', id: name, orgId, scopes: [kind === 'key' ? 'calls:write' : 'cdr:write'], name };
  const role = kind === 'admin' || kind === 'manager' ? kind : 'user';
  return { kind: 'user', id: 1, role, orgId: org ? orgId : null, username: name, sessionId: name };
}

/** The routes of this lib on a database of their own; `legs` are the CDRs that were there first. */
export async function createTestPbx() {
  const { db, drop } = await createTestDatabase();
  const app = createServer(createLogger('test', 'silent'));
  const legs: FinishedLeg[] = [];
  guardRoutes(app, async (authorization) =>
    authorization ? principalOf(authorization.replace('Bearer ', '')) : null,
  );
  await app.register(pbxRoutes, {
    db,
    organizationExists: async (orgId) => ORGANIZATIONS.includes(orgId),
    async findFinishedLeg(orgId, callId) {
      return legs.find((leg) => leg.orgId === orgId && leg.callId === callId) ?? null;
    },
  });

  async function send<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, sending: TestRequest = {}) {
    const { as = 'manager-1', body } = sending;
    const headers = as ? { authorization: `Bearer ${as}` } : {};
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers, ...payload });
    const json = answer.body ? answer.json<Pick<TestResponse<T>, 'data' | 'meta' | 'error'>>() : {};
    return { status: answer.statusCode, body: answer.body, ...json } as TestResponse<T>;
  }

  function resource<T>(path: string, build: (more: object) => object) {
    return {
      make: (more: object = {}, as?: string) => send<T>('POST', path, { as, body: build(more) }),
      read: (id: string, as?: string) => send<T>('GET', `${path}/${id}`, { as }),
      update: (id: string, body: unknown, as?: string) => send<T>('PUT', `${path}/${id}`, { as, body }),
      remove: (id: string, as?: string) => send<T>('DELETE', `${path}/${id}`, { as }),
      list(query: Record<string, string> = {}, as?: string) {
        return send<T[]>('GET', `${path}?${new URLSearchParams(query).toString()}`, { as });
      },
    };
  }

  async function close() {
    await app.close();
    await drop();
  }
  const extensions = resource<Extension>('/extensions', buildExtension);
  const calls = resource<Call>('/calls', buildCall);
  return { db, send, extensions, calls, legs, close };
}
export type TestPbx = Awaited<ReturnType<typeof createTestPbx>>;

let buildCount = 0;

/** As the API document shows it, with a number of its own. */
export function buildExtension(more: object = {}) {
  return {
    extension_number: `x${(buildCount += 1)}`,
    name: 'Front desk',
    extension_type: 'sip',
    config_data: { codec: 'opus' },
    ...more,
  };
}

/** As the API document shows it: without a call_id. */
export function buildCall(more: object = {}) {
  return {
    caller_id: '+14155551234',
    recipient_id: '1001',
    start_time: '2024-01-15T10:30:00Z',
    status: 'active',
    ...more,
  };
}

/** The a-leg of that call, with a call_id of its own. */
export function buildLeg(more: Partial<FinishedLeg> = {}): FinishedLeg {
  return {
    orgId: 1,
    callId: `leg-${(buildCount += 1)}`,
    leg: 'a',
    caller: '+14155551234',
    callee: '1001',
    callerRaw: '4155551234',
    calleeRaw: '1001',
    startTime: new Date('2024-01-15T10:30:00Z'),
    endTime: new Date('2024-01-15T10:35:42Z'),
    duration: 342,
    disposition: 'ANSWERED',
    ...more,
  };
}
