import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
  type BackendFactory,
  type IQueueBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Where the jobs lie. They carry only pointers, so the choice decides what must be run, not what can be lost. */
export type QueueStore = { kind: 'redis'; url: string; prefix?: string } | { kind: 'postgres'; url: string };

/** Redis where there is one, else the database itself. */
export function chooseQueueStore(urls: { REDIS_URL?: string | undefined; DATABASE_URL: string }): QueueStore {
  return urls.REDIS_URL
    ? { kind: 'redis', url: urls.REDIS_URL }
    : { kind: 'postgres', url: urls.DATABASE_URL };
}

/** A store that is open: what BullMQ's classes want to be told of it. */
export interface Backend {
  /** Any type that BullMQ takes: its classes are told the backend's connection at run time. */
  factory: BackendFactory<IQueueBackend, never>;
  producerConnection: never;
  consumerConnection: never;
  prefix: string;
  close: () => Promise<void>;
}

export type OnError = (error: Error) => void;

/** Commands that wait for a connection or an answer longer than this fail: milliseconds. */
const COMMAND_TIMEOUT_MS = 1_000;

/** All keys carry one hash tag, as Redis Cluster needs for BullMQ's scripts. */
const PREFIX = '{oriontel}';

async function connectRedis(url: string, prefix: string, onError: OnError): Promise<Backend> {
  const shared = { connectTimeout: 2_000, retryStrategy: (times: number) => Math.min(times * 100, 2_000) };
  const producing = new Redis(url, {
    ...shared,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  const consuming = new Redis(url, { ...shared, maxRetriesPerRequest: null });
  for (const client of [producing, consuming]) client.on('error', onError);
  // A moment to connect, so that the first job finds it; without Redis the process starts all the same.
  await Promise.race([once(producing, 'ready'), sleep(COMMAND_TIMEOUT_MS)]).catch(() => undefined);
  return {
    prefix,
    factory: createRedisBackend,
    producerConnection: producing as never,
    consumerConnection: consuming as never,
    async close() {
      producing.disconnect();
      consuming.disconnect();
    },
  };
}

async function connectPostgres(url: string, onError: OnError): Promise<Backend> {
  // Pools of our own: BullMQ loads `pg` by require(), which an ES module does not have, and a pool of ours must
  // name BullMQ's schema itself.
  const shared = { connectionString: url, options: '-c search_path=bullmq', keepAlive: true };
  const producing = new pg.Pool({
    ...shared,
    application_name: 'queue producer',
    max: 4,
    connectionTimeoutMillis: COMMAND_TIMEOUT_MS,
    statement_timeout: COMMAND_TIMEOUT_MS,
  });
  // Each consumer keeps one of these for itself.
  const consuming = new pg.Pool({ ...shared, application_name: 'queue consumer', max: 20 });
  // Every queue of BullMQ's listens to it, too.
  for (const pool of [producing, consuming]) pool.on('error', onError).setMaxListeners(0);
  const client = await consuming.connect();
  await runMigrations(client).finally(() => client.release());
  return {
    prefix: PREFIX,
    factory: createPostgresBackend as unknown as Backend['factory'],
    producerConnection: producing as never,
    consumerConnection: consuming as never,
    async close() {
      await Promise.all([producing.end(), consuming.end()]);
    },
  };
}

export async function connectBackend(store: QueueStore, onError: OnError): Promise<Backend> {
  return store.kind === 'redis'
    ? connectRedis(store.url, store.prefix ?? PREFIX, onError)
    : connectPostgres(store.url, onError);
}
