import { DEFAULT_ORG_ID } from '@oriontel/contracts';
import { createTestDatabase } from '@oriontel/database/testing';
import { createTestApi, TEST_ORG_IDS, testActors, type TestRequest } from '@oriontel/service/testing';
import type { Call } from './calls/call.ts';
import type { FinishedLeg } from './calls/finished-leg.ts';
import type { Extension } from './extensions/extension.ts';
import { pbxRoutes } from './http.ts';

interface ResponseBody<T> {
  data: T;
  meta: { pagination: { limit: number; offset: number; total: number } };
  error: { message: string; code: number; details?: { field: string; message: string }[] };
}

export interface TestResponse<T> extends ResponseBody<T> {
  status: number;
  body: string;
}

const ORG_IDS = [DEFAULT_ORG_ID, ...Object.values(TEST_ORG_IDS)];

/**
 * The routes of this feature on their own database. `legs` are the CDRs that exist when a call is created.
 */
export async function createTestPbx() {
  const { db, drop } = await createTestDatabase();
  const legs: FinishedLeg[] = [];
  const { app, call: request } = await createTestApi((app) =>
    app.register(pbxRoutes, {
      db,
      organizationExists: async (orgId) => ORG_IDS.includes(orgId),
      async findFinishedLeg(orgId, callId) {
        return legs.find((leg) => leg.orgId === orgId && leg.callId === callId) ?? null;
      },
    }),
  );

  /** Sends a request, by default as `ours.manager`; an empty `as` sends no credentials. */
  async function send<T>(
    method: NonNullable<TestRequest['method']>,
    url: string,
    { as = testActors.ours.manager, body: payload }: { as?: string | undefined; body?: unknown } = {},
  ): Promise<TestResponse<T>> {
    const { status, body, json } = await request<ResponseBody<T>>(url, {
      method,
      as,
      body: payload as object,
    });
    return { status, body, ...json };
  }

  function resource<T>(path: string, build: (more: object) => object) {
    return {
      create: (more: object = {}, as?: string) => send<T>('POST', path, { as, body: build(more) }),
      get: (id: string, as?: string) => send<T>('GET', `${path}/${id}`, { as }),
      update: (id: string, body: unknown, as?: string) => send<T>('PUT', `${path}/${id}`, { as, body }),
      remove: (id: string, as?: string) => send<T>('DELETE', `${path}/${id}`, { as }),
      list(query: Record<string, string> = {}, as?: string) {
        return send<T[]>('GET', `${path}?${new URLSearchParams(query).toString()}`, { as });
      },
    };
  }

  async function close(): Promise<void> {
    await app.close();
    await drop();
  }
  const extensions = resource<Extension>('/extensions', buildExtension);
  const calls = resource<Call>('/calls', buildCall);
  return { db, send, extensions, calls, legs, close };
}
export type TestPbx = Awaited<ReturnType<typeof createTestPbx>>;

let buildCount = 0;

/** The body of the API document, with a unique number. */
export function buildExtension(more: object = {}) {
  return {
    extension_number: `x${(buildCount += 1)}`,
    name: 'Front desk',
    extension_type: 'sip',
    config_data: { codec: 'opus' },
    ...more,
  };
}

/** The body of the API document, without a call_id. */
export function buildCall(more: object = {}) {
  return {
    caller_id: '+14155551234',
    recipient_id: '1001',
    start_time: '2024-01-15T10:30:00Z',
    status: 'active',
    ...more,
  };
}

/** The a-leg of `buildCall()`, with a unique call_id. */
export function buildLeg(more: Partial<FinishedLeg> = {}): FinishedLeg {
  return {
    orgId: TEST_ORG_IDS.ours,
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
