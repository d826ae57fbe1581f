import { openTestDatabase } from '@oriontel/database/testing';
import type { Principal } from '@oriontel/contracts';
import { createServer, guardRoutes, openLog } from '@oriontel/service';
import type { Call } from './calls/call.ts';
import type { FinishedLeg } from './calls/finished-leg.ts';
import type { Extension } from './extensions/extension.ts';
import { pbxRoutes } from './http.ts';

export interface Answer<T> {
  status: number;
  data: T;
  meta: { pagination: { limit: number; offset: number; total: number } };
  error: { message: string; code: number; details?: { field: string; message: string }[] };
  body: string;
}

export interface Sending {
  /** `admin`, `stray` (of no organization), or one of organization 1 to 3: `manager-1`, `user-2`, `key-1` (calls:write). */
  as?: string | undefined;
  body?: unknown;
}

const ORGANIZATIONS = [1, 2, 3];

const principalOf = (name: string): Principal => {
  const [kind, org] = name.split('-');
  const orgId = Number(org);
  if (kind === 'key' || kind === 'cdrkey')
    return { kind: 'key', id: name, orgId, scopes: [kind === 'key' ? 'calls:write' : 'cdr:write'], name };
  const role = kind === 'admin' || kind === 'manager' ? kind : 'user';
  return { kind: 'user', id: 1, role, orgId: org ? orgId : null, username: name, sessionId: name };
};

/** The routes of this lib on a database of their own; `legs` are the CDRs that were there first. */
export const openTestPbx = async () => {
  const { db, drop } = await openTestDatabase();
  const app = createServer(openLog('test', 'silent'));
  const legs: FinishedLeg[] = [];
  guardRoutes(app, async (authorization) =>
    authorization ? principalOf(authorization.replace('Bearer ', '')) : null,
  );
  await app.register(pbxRoutes, {
    db,
    organizationExists: async (orgId) => ORGANIZATIONS.includes(orgId),
    finishedLeg: async (orgId, callId) =>
      legs.find((leg) => leg.orgId === orgId && leg.callId === callId) ?? null,
  });

  const send = async <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, sending: Sending = {}) => {
    const { as = 'manager-1', body } = sending;
    const headers = as ? { authorization: `Bearer ${as}` } : {};
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers, ...payload });
    const json = answer.body ? answer.json<Pick<Answer<T>, 'data' | 'meta' | 'error'>>() : {};
    return { status: answer.statusCode, body: answer.body, ...json } as Answer<T>;
  };

  const resource = <T>(path: string, build: (more: object) => object) => ({
    make: (more: object = {}, as?: string) => send<T>('POST', path, { as, body: build(more) }),
    read: (id: string, as?: string) => send<T>('GET', `${path}/${id}`, { as }),
    update: (id: string, body: unknown, as?: string) => send<T>('PUT', `${path}/${id}`, { as, body }),
    remove: (id: string, as?: string) => send<T>('DELETE', `${path}/${id}`, { as }),
    list: (query: Record<string, string> = {}, as?: string) =>
      send<T[]>('GET', `${path}?${new URLSearchParams(query).toString()}`, { as }),
  });

  const close = async () => {
    await app.close();
    await drop();
  };
  const extensions = resource<Extension>('/extensions', buildExtension);
  const calls = resource<Call>('/calls', buildCall);
  return { db, send, extensions, calls, legs, close };
};
export type TestPbx = Awaited<ReturnType<typeof openTestPbx>>;

let made = 0;

/** As the API document shows it, with a number of its own. */
export const buildExtension = (more: object = {}) => ({
  extension_number: `x${(made += 1)}`,
  name: 'Front desk',
  extension_type: 'sip',
  config_data: { codec: 'opus' },
  ...more,
});

/** As the API document shows it: without a call_id. */
export const buildCall = (more: object = {}) => ({
  caller_id: '+14155551234',
  recipient_id: '1001',
  start_time: '2024-01-15T10:30:00Z',
  status: 'active',
  ...more,
});

/** The a-leg of that call, with a call_id of its own. */
export const buildLeg = (more: Partial<FinishedLeg> = {}): FinishedLeg => ({
  orgId: 1,
  callId: `leg-${(made += 1)}`,
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
});
