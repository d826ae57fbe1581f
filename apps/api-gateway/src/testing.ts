import { fileURLToPath } from 'node:url';
import { cdrIntake, type CallRecord } from '@oriontel/cdr';
import { openCdrDrain, serveTasks } from '@oriontel/cdr/worker';
import {
  entityEventsIntake,
  logsIntake,
  openImportReader,
  registerEntities,
  writeEntityEvents,
  type Notify,
} from '@oriontel/activity';
import {
  openEntityEventDrain,
  openLogDrain,
  openNotifier,
  planWebhooks,
  type NotifierOptions,
} from '@oriontel/activity/worker';
import { notifierRules } from '@oriontel/bespoke';
import { eventlogIntake } from '@oriontel/eventlog';
import { openEventlogDrain } from '@oriontel/eventlog/worker';
import { openDatabase, pingDatabase } from '@oriontel/database';
import { openTestDatabase } from '@oriontel/database/testing';
import { emailsOf, openPasswords, organizations } from '@oriontel/identity';
import { closeCalls } from '@oriontel/pbx';
import { openQrDrawer } from '@oriontel/qrcode';
import { openQueues, type Queues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { openLog, openMetrics, type Logger } from '@oriontel/service';
import { resultsIntake, type WriteEvents } from '@oriontel/sip-gateways';
import { openResultDrain } from '@oriontel/sip-gateways/worker';
import { openHostSampler } from '@oriontel/system';
import type { Database } from '@oriontel/database';
import { buildGateway } from './build-gateway.ts';
import { readGatewayConfig } from './config.ts';

export const PASSWORD = 'correct horse battery';
const REGION = 'US';

export interface Answer<T = unknown> {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
  /** The parsed body of a JSON answer. */
  json: T;
}

export interface Call {
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

export interface Listed<T> {
  data: T[];
  meta: { next_cursor: string | null };
}

export type Found = CallRecord;

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
  importPatience?: number;
  /** Milliseconds an event waits for its notifications. */
  notifyPatience?: number;
}

/**
 * The whole gateway and its worker in one process, on a database of their own. The worker starts when it is told to:
 * until then what is accepted stays in the intake.
 */
export const openTestGateway = async ({
  log,
  databaseUrl,
  kind = 'postgres',
  queues: own,
  env = {},
  importPatience,
  notifyPatience,
}: TestGatewayOptions = {}) => {
  const store = await openTestDatabase();
  const queueStore = testQueueStores().find((candidate) => candidate.kind === kind);
  if (!queueStore) throw new Error(`There is no ${kind} for the queues of this test.`);
  const queues = own ?? (await openQueues(queueStore.open(store.url), () => undefined));
  const db = databaseUrl ? openDatabase({ url: databaseUrl(store.url), name: 'test gateway' }) : store.db;
  const host = openHostSampler({ onError: () => undefined });
  const qrDrawer = openQrDrawer(
    fileURLToPath(new URL('../../../dist/libs/qrcode/draw.main.js', import.meta.url)),
  );
  const importReader = openImportReader(
    fileURLToPath(new URL('../../../dist/libs/activity/read-import.main.js', import.meta.url)),
  );
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
    passwords: openPasswords(),
    host,
    qrDrawer,
    importReader,
    importPatience,
    notifyPatience,
    log: log ?? openLog('test', 'silent'),
    checks: { database: () => pingDatabase(db) },
    metrics: openMetrics(),
  });
  const call = callsOn(gateway.app);

  const close = async (): Promise<void> => {
    host.close();
    await qrDrawer.close();
    await importReader.close();
    await gateway.app.close();
    await gateway.intake.close();
    await queues.close(2_000);
    if (db !== store.db) await db.$disconnect();
    await store.drop();
  };
  return {
    ...gateway,
    db: store.db,
    queues,
    call,
    ...(await peopleOf(call)),
    startMuncher: () => startMuncher(store.db, queues, log ?? openLog('test', 'silent')),
    startWorker: (notify?: Notify) => startWorker(store.db, queues, notify),
    close,
  };
};
export type TestGateway = Awaited<ReturnType<typeof openTestGateway>>;

type CallOn = ReturnType<typeof callsOn>;

const callsOn =
  (app: TestGatewayApp) =>
  async <T = unknown>(url: string, { method, as, headers, body }: Call = {}): Promise<Answer<T>> => {
    const answer = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: { ...(as === undefined ? {} : { authorization: as }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    return {
      status: answer.statusCode,
      headers: answer.headers as Answer['headers'],
      body: answer.body,
      json: (isJson ? JSON.parse(answer.body) : undefined) as T,
    };
  };

type TestGatewayApp = Awaited<ReturnType<typeof buildGateway>>['app'];

const cdrDependencies = (db: Database) => ({
  regionsOf: async (orgIds: number[]) => {
    const own = await organizations(db).regions(orgIds);
    return new Map(orgIds.map((orgId) => [orgId, own.get(orgId) ?? REGION]));
  },
  registerEntities: registerEntities(),
});

const cdrDrainOf = (db: Database) =>
  openCdrDrain({
    db,
    ...cdrDependencies(db),
    closeCalls,
    onDrained: () => undefined,
    onPoison: () => undefined,
  });

/** Works munch tasks off as apps/cdr-worker does, without resting. Returns how to stop it. */
const startMuncher = (db: Database, queues: Queues, log: Logger): (() => Promise<void>) => {
  const pace = { idle: 0, busy: 0 };
  return serveTasks({ db, queues, log, drain: cdrDrainOf(db), pace, ...cdrDependencies(db) }).stop;
};

/** As apps/eventlog-worker tells of events; without a mail server, where `options` do not say otherwise. */
export const openTestNotify = (options: Partial<NotifierOptions> = {}): Notify => {
  const tellByRules = openNotifier({
    settingsOf: notifierRules,
    emailsOf,
    channels: { email: false },
    onHeldBack: () => undefined,
    ...options,
  });
  return async (tx, events) => {
    await planWebhooks(tx, events);
    await tellByRules(tx, events);
  };
};

/** The consumers of every worker, without their sweepers. Returns how to stop them. */
const startWorker = (
  db: Database,
  queues: Queues,
  notify: Notify = openTestNotify(),
): (() => Promise<void>) => {
  const drain = cdrDrainOf(db);
  const told = { onDrained: () => undefined, onPoison: () => undefined };
  const writeEvents: WriteEvents = (tx, events) => writeEntityEvents(tx, events, 'gateway-results');
  const options = { concurrency: 3, onFailure: () => undefined };
  const consumers = [
    queues.consumer(cdrIntake.queue, (pointers) => drain(pointers), options),
    queues.consumer(eventlogIntake.queue, openEventlogDrain({ db, ...told }), options),
    queues.consumer(entityEventsIntake.queue, openEntityEventDrain({ db, notify, ...told }), options),
    queues.consumer(logsIntake.queue, openLogDrain({ db, ...told }), options),
    queues.consumer(resultsIntake.queue, openResultDrain({ db, writeEvents, ...told }), options),
  ];
  return async () => void (await Promise.all(consumers.map((consumer) => consumer.close(5_000))));
};

interface Person {
  id: number;
  orgId: number;
  /** The Authorization header. */
  as: string;
}

/** An admin, two organizations with a manager, a member and a key each, and someone of no organization. */
const peopleOf = async (call: CallOn) => {
  const signUp = async (username: string, more: object = {}, as?: string): Promise<Person> => {
    const body = { username, email: `${username}@example.com`, password: PASSWORD, ...more };
    const made = await call<{ data: { id: number; org_id: number } }>('/auth/register', { as, body });
    const login = { username, password: PASSWORD };
    const { json } = await call<{ data: { token: string } }>('/auth/login', { body: login });
    return { id: made.json.data.id, orgId: made.json.data.org_id, as: `Bearer ${json.data.token}` };
  };
  const keyOf = async (person: Person, scopes: string[]): Promise<string> => {
    const body = { name: 'node', scopes };
    return (await call<{ data: { key: string } }>('/api-keys', { as: person.as, body })).json.data.key;
  };
  const organization = async (name: string) => {
    const manager = await signUp(`${name}-manager`, { role: 'manager', organization: name });
    const member = await signUp(`${name}-member`, {}, manager.as);
    const key = await keyOf(manager, ['cdr:write']);
    return { orgId: manager.orgId, manager: manager.as, member: member.as, key, byKey: `Bearer ${key}` };
  };
  const admin = await signUp('admin', { role: 'admin' });
  const ours = await organization('ours');
  const theirs = await organization('theirs');
  const loner = await signUp('loner');
  const otherKey = await keyOf({ ...admin, as: ours.manager }, ['logs:write']);
  return { admin: admin.as, ours, theirs, loner: loner.as, keyWithoutScope: `Bearer ${otherKey}` };
};

/** What a FreeSWITCH sends for `cred`. */
export const basic = (key: string): string => `Basic ${Buffer.from(`fs-node-01:${key}`).toString('base64')}`;
