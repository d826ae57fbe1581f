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

/** Where jobs are stored. Jobs carry only pointers to database rows, so a lost store loses no data. */
export type QueueStore = { kind: 'redis'; url: string; prefix?: string } | { kind: 'postgres'; url: string };

/** Redis if `REDIS_URL` is set, else PostgreSQL. */
export function chooseQueueStore(urls: { REDIS_URL?: string | undefined; DATABASE_URL: string }): QueueStore {
  return urls.REDIS_URL
    ? { kind: 'redis', url: urls.REDIS_URL }
    : { kind: 'postgres', url: urls.DATABASE_URL };
}

/** Connections to a queue store, in the form that BullMQ's classes expect. */
export interface Backend {
  /**
   * `never` is assignable to every connection type: BullMQ's classes receive the actual connection at run
   * time.
   */
  factory: BackendFactory<IQueueBackend, never>;
  producerConnection: never;
  consumerConnection: never;
  prefix: string;
  close: () => Promise<void>;
}

export type OnError = (error: Error) => void;

/** Limit for commands of producers, including the wait for a connection. */
const COMMAND_TIMEOUT_MS = 1_000;
const REDIS_CONNECT_TIMEOUT_MS = 2_000;
/** A producer's connection without a byte for so long, although a command waits, is lost: it is replaced. */
const PRODUCER_SILENCE_MS = 2_000;
/** The same for a consumer's, which waits for a job for up to 10 s (BullMQ's `maximumBlockTimeout`). */
const CONSUMER_SILENCE_MS = 12_000;
const REDIS_MAX_RETRY_DELAY_MS = 2_000;

/** One hash tag in all keys: Redis Cluster requires it for BullMQ's scripts. */
const PREFIX = '{oriontel}';

function redisRetryDelayMs(attempt: number): number {
  return Math.min(attempt * 100, REDIS_MAX_RETRY_DELAY_MS);
}

async function connectRedis(url: string, prefix: string, onError: OnError): Promise<Backend> {
  const common = { connectTimeout: REDIS_CONNECT_TIMEOUT_MS, retryStrategy: redisRetryDelayMs };
  const producerClient = new Redis(url, {
    ...common,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: PRODUCER_SILENCE_MS,
  });
  const consumerClient = new Redis(url, {
    ...common,
    maxRetriesPerRequest: null,
    socketTimeout: CONSUMER_SILENCE_MS,
  });
  for (const client of [producerClient, consumerClient]) client.on('error', onError);
  // Wait briefly so that the first job can be added; the process also starts without Redis.
  await Promise.race([once(producerClient, 'ready'), sleep(COMMAND_TIMEOUT_MS)]).catch(() => undefined);
  return {
    prefix,
    factory: createRedisBackend,
    producerConnection: producerClient as never,
    consumerConnection: consumerClient as never,
    async close() {
      producerClient.disconnect();
      consumerClient.disconnect();
    },
  };
}

async function connectPostgres(url: string, onError: OnError): Promise<Backend> {
  // BullMQ would load `pg` by require(), which an ES module does not have. A pool passed in must set the
  // search path to BullMQ's schema itself.
  const common = { connectionString: url, options: '-c search_path=bullmq', keepAlive: true };
  const producerPool = new pg.Pool({
    ...common,
    application_name: 'queue producer',
    max: 4,
    connectionTimeoutMillis: COMMAND_TIMEOUT_MS,
    statement_timeout: COMMAND_TIMEOUT_MS,
  });
  // Each consumer holds one of these connections.
  const consumerPool = new pg.Pool({ ...common, application_name: 'queue consumer', max: 20 });
  // Every BullMQ queue adds a listener: no listener limit.
  for (const pool of [producerPool, consumerPool]) pool.on('error', onError).setMaxListeners(0);
  const client = await consumerPool.connect();
  await runMigrations(client).finally(() => client.release());
  return {
    prefix: PREFIX,
    factory: createPostgresBackend as unknown as Backend['factory'],
    producerConnection: producerPool as never,
    consumerConnection: consumerPool as never,
    async close() {
      await Promise.all([producerPool.end(), consumerPool.end()]);
    },
  };
}

export async function connectBackend(store: QueueStore, onError: OnError): Promise<Backend> {
  return store.kind === 'redis'
    ? connectRedis(store.url, store.prefix ?? PREFIX, onError)
    : connectPostgres(store.url, onError);
}
