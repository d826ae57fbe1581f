import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { startPostgres } from '../postgres-server.ts';
import { findRedis, startRedis } from '../redis-server.ts';

/** `queues` is null without Redis: then the queues use PostgreSQL. */
export type Stores = { database: Store; queues: Store | null; stop: (timeoutMs: number) => Promise<void> };
export type Store = { url: string; kind: 'external' } | { url: string; kind: 'embedded'; folder: string };

export type StoreOptions = { config: Config; dataDir: string; log: Log; signal: AbortSignal };
type StartedStore = { store: Store; stop: (timeoutMs: number) => Promise<void> };

/** Starts the stores that the environment does not name. If one fails, the other is stopped. */
export async function startStores(options: StoreOptions): Promise<Stores> {
  const results = await Promise.allSettled([startDatabase(options), startQueueStore(options)]);
  const started = results.flatMap((result) =>
    result.status === 'fulfilled' && result.value ? [result.value] : [],
  );
  async function stop(timeoutMs: number) {
    await Promise.all(started.map((store) => store.stop(timeoutMs)));
  }
  const [database, queues] = results;
  if (database.status === 'fulfilled' && queues.status === 'fulfilled') {
    return { database: database.value.store, queues: queues.value?.store ?? null, stop };
  }
  await stop(2_000);
  throw results.find((result) => result.status === 'rejected')!.reason;
}

function externalStore(url: string): StartedStore {
  return {
    store: { url, kind: 'external' },
    stop: async () => {},
  };
}

async function startDatabase(options: StoreOptions): Promise<StartedStore> {
  const { DATABASE_URL } = options.config;
  if (DATABASE_URL) return externalStore(DATABASE_URL);
  const { url, folder, stop } = await startPostgres(options);
  return { store: { url, kind: 'embedded', folder }, stop };
}

async function startQueueStore(options: StoreOptions): Promise<StartedStore | null> {
  const { REDIS_URL, PATH } = options.config;
  if (REDIS_URL) return externalStore(REDIS_URL);
  const program = await findRedis(PATH);
  if (!program) return null;
  const { url, folder, stop } = await startRedis({ ...options, program });
  return { store: { url, kind: 'embedded', folder }, stop };
}
