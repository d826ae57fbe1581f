import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Log } from './log.ts';
import { startPostgres } from './postgres-server.ts';
import { ephemeralSettings } from './postgres/settings.ts';
import { findRedis, startRedis } from './redis-server.ts';
import {
  writeOwnerFile,
  removeStaleTestFolders,
  testFolderPrefix,
} from './testing/remove-stale-test-folders.ts';

export type TestStores = {
  /** A superuser, so that tests can create databases from templates. */
  databaseUrl: string;
  /** null without REDIS_URL and an installed Redis: the tests that need it are skipped. */
  redisUrl: string | null;
  stop: () => Promise<void>;
};

type Env = Partial<Record<'TEST_DATABASE_URL' | 'REDIS_URL' | 'PATH', string>>;
type Store = { url: string; folder?: string; stop: () => Promise<void> };

/** Temporary stores for a test run; TEST_DATABASE_URL and REDIS_URL name existing ones instead. */
export async function startTestStores(env: Env, log: Log = pino({ level: 'silent' })): Promise<TestStores> {
  await removeStaleTestFolders(log);
  const dataDir = await mkdtemp(join(tmpdir(), testFolderPrefix));
  // Root's PostgreSQL runs as another user, which must be able to enter; the contents have their own modes.
  await chmod(dataDir, 0o711);
  await writeOwnerFile(dataDir);
  const started = await Promise.allSettled([
    startTestPostgres(env, dataDir, log),
    startTestRedis(env, dataDir, log),
  ]);
  const stores = started.flatMap((result) =>
    result.status === 'fulfilled' && result.value ? [result.value] : [],
  );
  async function stop() {
    await Promise.all(stores.map((store) => store.stop()));
    const folders = [dataDir, ...stores.flatMap(({ folder }) => folder ?? [])];
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
  const [postgres, redis] = started;
  if (postgres.status === 'fulfilled' && redis.status === 'fulfilled') {
    return { databaseUrl: postgres.value.url, redisUrl: redis.value?.url ?? null, stop };
  }
  await stop();
  throw [postgres, redis].find((result) => result.status === 'rejected')!.reason;
}

async function startTestPostgres(env: Env, dataDir: string, log: Log): Promise<Store> {
  if (env.TEST_DATABASE_URL) return { url: env.TEST_DATABASE_URL, stop: async () => {} };
  const server = await startPostgres({ dataDir, settings: ephemeralSettings, log });
  // Its data is deleted: a clean shutdown is not needed.
  return { ...server, stop: () => server.stop(500) };
}

async function startTestRedis(env: Env, dataDir: string, log: Log): Promise<Store | null> {
  if (env.REDIS_URL) return { url: env.REDIS_URL, stop: async () => {} };
  const program = await findRedis(env.PATH);
  return program ? startRedis({ program, dataDir, log }) : null;
}

export { startAppStack, type AppStack } from './testing/app-stack.ts';
