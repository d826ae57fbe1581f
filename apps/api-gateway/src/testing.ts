import { cdrIntake, type CallRecord } from '@oriontel/cdr';
import { createCdrWorker } from '@oriontel/cdr/worker';
import {
  entityEventsIntake,
  logsIntake,
  createImportReader,
  createEntityRegistrar,
  writeEntityEvents,
  type Notify,
} from '@oriontel/activity';
import { createEntityEventDrain, createLogDrain } from '@oriontel/activity/worker';
import { findNotifierRules } from '@oriontel/bespoke';
import { eventlogIntake } from '@oriontel/eventlog';
import { createEventlogDrain } from '@oriontel/eventlog/worker';
import { createDatabase, pingDatabase } from '@oriontel/database';
import { createTestDatabase } from '@oriontel/database/testing';
import { findContactEmails, createPasswordHasher, organizations } from '@oriontel/identity';
import { createNotify, type NotifierOptions } from '@oriontel/notifications/worker';
import { closeCalls } from '@oriontel/pbx';
import { createQrDrawer } from '@oriontel/qrcode';
import { connectQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger, createMetrics, type Logger } from '@oriontel/service';
import { bundleProgram } from '@oriontel/service/testing';
import { createResultWorker } from '@oriontel/sip-gateways/worker';
import { startHostSampler } from '@oriontel/system';
import type { Database } from '@oriontel/database';
import { buildGateway } from './build-gateway.ts';
import { readGatewayConfig } from './config.ts';

export const PASSWORD = 'correct horse battery';
const REGION = 'US';

export interface TestResponse<T = unknown> {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
  /** The parsed body of a JSON answer. */
  json: T;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** The Authorization header. */
  as?: string | undefined;
  headers?: Record<string, string>;
  /** An object is sent as JSON, text and bytes as they are. */
  body?: object | string | Buffer;
}

/** Errors as JSON answers carry them. */
export interface ErrorBody {
  error: { message: string; code: number; details?: { field: string; message: string }[] };
}

/** What POST /cdr/:index answers. */
export interface IntakeBody {
  status: string;
  processed: number;
  batch_id: string;
  sgapi_reference: string;
  duplicates_in_batch: number;
  quarantined: number;
  stored?: number;
  duplicates?: number;
  conflicts?: number;
}

export interface ListBody<T> {
  data: T[];
  meta: { next_cursor: string | null };
}

export type FoundCall = CallRecord;

export interface TestGatewayOptions {
  log?: Logger;
  /** Where the gateway finds its database; the test's own where it is absent. */
  databaseUrl?: (url: string) => string;
  kind?: 'postgres' | 'redis';
  /** Queues of the test's own. */
  queues?: Queues;
  /** Settings that the test is about. */
  env?: Record<string, string>;
  /** Milliseconds a log import waits to be stored. */
  importTimeoutMs?: number;
  /** Milliseconds an event waits for its notifications. */
  notifyTimeoutMs?: number;
}

/**
 * The whole gateway and its worker in one process, on a database of their own. The worker starts when it is told to:
 * until then what is accepted stays in the intake.
 */
export async function startTestGateway({
  log,
  databaseUrl,
  kind = 'postgres',
  queues: own,
  env = {},
  importTimeoutMs,
  notifyTimeoutMs,
}: TestGatewayOptions = {}) {
  const store = await createTestDatabase();
  const queueStore = testQueueStores().find((candidate) => candidate.kind === kind);
  if (!queueStore) throw new Error(`There is no ${kind} for the queues of this test.`);
  const queues = own ?? (await connectQueues(queueStore.storeFor(store.url), () => undefined));
  const db = databaseUrl ? createDatabase({ url: databaseUrl(store.url), name: 'test gateway' }) : store.db;
  const host = startHostSampler({ onError: () => undefined });
  const qrDrawer = createQrDrawer(await bundleLibProgram('qrcode/src/draw.main.ts'));
  const importReader = createImportReader(await bundleLibProgram('activity/src/read-import.main.ts'));
  const gateway = await buildGateway({
    config: readGatewayConfig({
      DATABASE_URL: store.url,
      JWT_SECRET: 'a secret of the tests, at least 32 characters',
      DEFAULT_REGION: REGION,
      RATE_LIMITS: 'off',
      // Nothing sweeps here.
      SWEEP_GRACE: '60',
      ...env,
    }),
    db,
    queues,
    limitRedis: undefined,
    passwords: createPasswordHasher(),
    host,
    qrDrawer,
    importReader,
    importTimeoutMs,
    notifyTimeoutMs,
    log: log ?? createLogger('test', 'silent'),
    checks: { database: () => pingDatabase(db) },
    metrics: createMetrics(),
  });
  const call = createRequester(gateway.app);

  async function close(): Promise<void> {
    host.close();
    await qrDrawer.close();
    await importReader.close();
    await gateway.app.close();
    await gateway.intake.close();
    await queues.close(2_000);
    if (db !== store.db) await db.$disconnect();
    await store.drop();
  }
  return {
    ...gateway,
    db: store.db,
    queues,
    call,
    ...(await createTestUsers(call)),
    startTaskRunner: () => startTaskRunner(store.db, queues, log ?? createLogger('test', 'silent')),
    startWorker: (notify?: Notify) => startWorker(store.db, queues, notify),
    close,
  };
}

/** A unit test needs no build: bundles the thread program at this path below libs/. */
function bundleLibProgram(path: string): Promise<string> {
  return bundleProgram(new URL(`../../../libs/${path}`, import.meta.url));
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

type SendRequest = ReturnType<typeof createRequester>;

function createRequester(app: TestGatewayApp) {
  return async function sendRequest<T = unknown>(
    url: string,
    { method, as, headers, body }: RequestOptions = {},
  ): Promise<TestResponse<T>> {
    const answer = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: { ...(as === undefined ? {} : { authorization: as }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    return {
      status: answer.statusCode,
      headers: answer.headers as TestResponse['headers'],
      body: answer.body,
      json: (isJson ? JSON.parse(answer.body) : undefined) as T,
    };
  };
}

type TestGatewayApp = Awaited<ReturnType<typeof buildGateway>>['app'];

function createTestCdrWorker(db: Database) {
  return createCdrWorker({
    db,
    async regionsOf(orgIds) {
      const own = await organizations(db).findRegions(orgIds);
      return new Map(orgIds.map((orgId) => [orgId, own.get(orgId) ?? REGION]));
    },
    registerEntities: createEntityRegistrar(),
    closeCalls,
    onDrained: () => undefined,
    onPoison: () => undefined,
  });
}

/** Runs munch tasks as apps/cdr-worker does, without resting. Returns how to stop it. */
function startTaskRunner(db: Database, queues: Queues, log: Logger): () => Promise<void> {
  return createTestCdrWorker(db).startTasks({ queues, log, pace: { idle: 0, busy: 0 } }).stop;
}

/** Creates the deliveries of events as apps/eventlog-worker does; without a mail server by default. */
export function createTestNotify(options: Partial<NotifierOptions> = {}): Notify {
  return createNotify({
    findRules: findNotifierRules,
    findEmails: findContactEmails,
    channels: { email: false },
    onSuppressed: () => undefined,
    ...options,
  });
}

/** The consumers of every worker, without their sweepers. Returns how to stop them. */
function startWorker(db: Database, queues: Queues, notify: Notify = createTestNotify()): () => Promise<void> {
  const { drain } = createTestCdrWorker(db);
  const told = { onDrained: () => undefined, onPoison: () => undefined };
  const results = createResultWorker({ db, writeEvents: writeEntityEvents, ...told });
  const options = { concurrency: 3, onFailure: () => undefined };
  const consumers = [
    queues.consumer(cdrIntake.queue, (pointers) => drain(pointers), options),
    queues.consumer(eventlogIntake.queue, createEventlogDrain({ db, ...told }), options),
    queues.consumer(entityEventsIntake.queue, createEntityEventDrain({ db, notify, ...told }), options),
    queues.consumer(logsIntake.queue, createLogDrain({ db, ...told }), options),
    queues.consumer(results.queue, results.drain, options),
  ];
  return async function stopWorker() {
    return void (await Promise.all(consumers.map((consumer) => consumer.close(5_000))));
  };
}

interface TestUser {
  id: number;
  orgId: number;
  /** The Authorization header. */
  as: string;
}

/** An admin, two organizations with a manager, a member and a key each, and someone of no organization. */
async function createTestUsers(call: SendRequest) {
  async function signUp(username: string, more: object = {}, as?: string): Promise<TestUser> {
    const body = { username, email: `${username}@example.com`, password: PASSWORD, ...more };
    const made = await call<{ data: { id: number; org_id: number } }>('/auth/register', { as, body });
    const login = { username, password: PASSWORD };
    const { json } = await call<{ data: { token: string } }>('/auth/login', { body: login });
    return { id: made.json.data.id, orgId: made.json.data.org_id, as: `Bearer ${json.data.token}` };
  }
  async function keyOf(person: TestUser, scopes: string[]): Promise<string> {
    const body = { name: 'node', scopes };
    return (await call<{ data: { key: string } }>('/api-keys', { as: person.as, body })).json.data.key;
  }
  async function organization(name: string) {
    const manager = await signUp(`${name}-manager`, { role: 'manager', organization: name });
    const member = await signUp(`${name}-member`, {}, manager.as);
    const key = await keyOf(manager, ['cdr:write']);
    return { orgId: manager.orgId, manager: manager.as, member: member.as, key, byKey: `Bearer ${key}` };
  }
  const admin = await signUp('admin', { role: 'admin' });
  const ours = await organization('ours');
  const theirs = await organization('theirs');
  const loner = await signUp('loner');
  const otherKey = await keyOf({ ...admin, as: ours.manager }, ['logs:write']);
  return { admin: admin.as, ours, theirs, loner: loner.as, keyWithoutScope: `Bearer ${otherKey}` };
}

/** What a FreeSWITCH sends for `cred`. */
export function basicAuthorization(key: string): string {
  return `Basic ${Buffer.from(`fs-node-01:${key}`).toString('base64')}`;
}
