import { cdrIntake, type BatchReader } from '@oriontel/cdr';
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
import { createBodyReader, createLogger, createMetrics, type Logger } from '@oriontel/service';
import { bundleProgram, createTestClient, type TestClient } from '@oriontel/service/testing';
import { createResultWorker } from '@oriontel/sip-gateways/worker';
import { startHostSampler } from '@oriontel/system';
import type { Database } from '@oriontel/database';
import { buildGateway } from './build-gateway.ts';
import { readGatewayConfig } from './config.ts';

export {
  basicAuthorization,
  type ErrorBody,
  type ListBody,
  type TestResponse,
} from '@oriontel/service/testing';
export type { IntakeBody } from '@oriontel/cdr/testing';

export const PASSWORD = 'correct horse battery';
const REGION = 'US';
const CLOSE_TIMEOUT_MS = 5_000;
const ignore = () => undefined;

export interface TestGatewayOptions {
  log?: Logger;
  /** Replaces the database URL of the gateway. */
  databaseUrl?: (url: string) => string | Promise<string>;
  kind?: 'postgres' | 'redis';
  /** Replaces the queues. */
  queues?: Queues;
  /** Settings of the gateway in addition to those of all tests. */
  env?: Record<string, string>;
  importTimeoutMs?: number;
  notifyTimeoutMs?: number;
}

/**
 * The gateway on a database of its own. Accepted rows stay in the intake until `startWorker()`, which returns
 * a function that stops the workers.
 */
export async function startTestGateway({
  log,
  databaseUrl,
  kind = 'postgres',
  queues: ownQueues,
  env = {},
  importTimeoutMs,
  notifyTimeoutMs,
}: TestGatewayOptions = {}) {
  const store = await createTestDatabase();
  const queueStore = testQueueStores().find((candidate) => candidate.kind === kind);
  if (!queueStore) throw new Error(`This test needs queues in ${kind}.`);
  const queues = ownQueues ?? (await connectQueues(queueStore.storeFor(store.url), ignore));
  const db = databaseUrl
    ? createDatabase({ url: await databaseUrl(store.url), name: 'test gateway' })
    : store.db;
  const host = startHostSampler({ onError: ignore });
  const qrDrawer = createQrDrawer(await bundleLibProgram('qrcode/src/draw.main.ts'));
  const importReader = createImportReader(await bundleLibProgram('activity/src/read-import.main.ts'));
  const batchReader: BatchReader = createBodyReader(await bundleLibProgram('cdr/src/read-batch.main.ts'));
  const gateway = await buildGateway({
    config: readGatewayConfig({
      DATABASE_URL: store.url,
      JWT_SECRET: 'a secret of the tests, at least 32 characters',
      DEFAULT_REGION: REGION,
      RATE_LIMITS: 'off',
      // No sweeper runs here.
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
    batchReader,
    importTimeoutMs,
    notifyTimeoutMs,
    log: log ?? createLogger('test', 'silent'),
    checks: { database: () => pingDatabase(db) },
    metrics: createMetrics(),
  });
  const call = createTestClient(gateway.app);

  async function close(): Promise<void> {
    host.close();
    await qrDrawer.close();
    await importReader.close();
    await batchReader.close();
    await gateway.app.close();
    await gateway.intake.close();
    await queues.close(CLOSE_TIMEOUT_MS);
    if (db !== store.db) await db.$disconnect();
    await store.drop();
  }
  return {
    ...gateway,
    db: store.db,
    queues,
    call,
    ...(await createTestUsers(call)),
    startWorker: (notify?: Notify) => startWorker(store.db, queues, notify),
    close,
  };
}

/** A unit test needs no build: bundles the thread program at this path below libs/. */
function bundleLibProgram(path: string): Promise<string> {
  return bundleProgram(new URL(`../../../libs/${path}`, import.meta.url));
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;

function createTestCdrWorker(db: Database) {
  return createCdrWorker({
    db,
    async regionsOf(orgIds) {
      const regions = await organizations(db).findRegions(orgIds);
      return new Map(orgIds.map((orgId) => [orgId, regions.get(orgId) ?? REGION]));
    },
    registerEntities: createEntityRegistrar(),
    closeCalls,
    onDrained: ignore,
    onPoison: ignore,
  });
}

/** Creates the deliveries of events as apps/eventlog-worker does; without a mail server by default. */
export function createTestNotify(options: Partial<NotifierOptions> = {}): Notify {
  return createNotify({
    findRules: findNotifierRules,
    findEmails: findContactEmails,
    channels: { email: false },
    onSuppressed: ignore,
    ...options,
  });
}

/** Starts the consumers of all workers, without their sweepers. */
function startWorker(db: Database, queues: Queues, notify: Notify = createTestNotify()): () => Promise<void> {
  const { drain } = createTestCdrWorker(db);
  const hooks = { onDrained: ignore, onPoison: ignore };
  const results = createResultWorker({ db, writeEvents: writeEntityEvents, ...hooks });
  const options = { concurrency: 3, onFailure: ignore };
  const consumers = [
    queues.consumer(cdrIntake.queue, (pointers) => drain(pointers), options),
    queues.consumer(eventlogIntake.queue, createEventlogDrain({ db, ...hooks }), options),
    queues.consumer(entityEventsIntake.queue, createEntityEventDrain({ db, notify, ...hooks }), options),
    queues.consumer(logsIntake.queue, createLogDrain({ db, ...hooks }), options),
    queues.consumer(results.queue, results.drain, options),
  ];
  return async function stopWorker() {
    return void (await Promise.all(consumers.map((consumer) => consumer.close(CLOSE_TIMEOUT_MS))));
  };
}

interface TestUser {
  id: number;
  orgId: number;
  /** The Authorization header. */
  as: string;
}

/**
 * Registers an admin, two organizations with a manager, a member and a key each, and a user of no
 * organization.
 */
async function createTestUsers(call: TestClient) {
  async function signUp(username: string, more: object = {}, as?: string): Promise<TestUser> {
    const body = { username, email: `${username}@example.com`, password: PASSWORD, ...more };
    const created = await call<{ data: { id: number; org_id: number } }>('/auth/register', { as, body });
    const login = { username, password: PASSWORD };
    const { json } = await call<{ data: { token: string } }>('/auth/login', { body: login });
    return { id: created.json.data.id, orgId: created.json.data.org_id, as: `Bearer ${json.data.token}` };
  }
  async function createKey(user: TestUser, scopes: string[]): Promise<string> {
    const body = { name: 'node', scopes };
    return (await call<{ data: { key: string } }>('/api-keys', { as: user.as, body })).json.data.key;
  }
  async function createOrganization(name: string) {
    const manager = await signUp(`${name}-manager`, { role: 'manager', organization: name });
    const member = await signUp(`${name}-member`, {}, manager.as);
    const key = await createKey(manager, ['cdr:write']);
    return { orgId: manager.orgId, manager: manager.as, member: member.as, key, byKey: `Bearer ${key}` };
  }
  const admin = await signUp('admin', { role: 'admin' });
  const ours = await createOrganization('ours');
  const theirs = await createOrganization('theirs');
  const unassigned = await signUp('unassigned');
  const otherKey = await createKey({ ...admin, as: ours.manager }, ['logs:write']);
  return { admin: admin.as, ours, theirs, unassigned: unassigned.as, keyWithoutScope: `Bearer ${otherKey}` };
}
