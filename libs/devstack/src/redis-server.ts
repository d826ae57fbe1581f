import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Log } from './log.ts';
import { ensureDataDir } from './ensure-data-dir.ts';
import { superviseServer } from './process/supervise-server.ts';
import { ensureSecret } from './process/ensure-secret.ts';
import { launch, redisUrl } from './redis/launch.ts';
import { shutdownSteps, stopStale } from './redis/stop-stale.ts';

export { findRedis } from './redis/find-redis.ts';

export type RedisServer = {
  url: string;
  port: number;
  folder: string;
  /** Writes everything to disk and ends; killed after `timeoutMs` (5,000). */
  stop: (timeoutMs?: number) => Promise<void>;
};

export type RedisOptions = {
  /** Path of the program: see findRedis. */
  program: string;
  dataDir: string;
  log: Log;
  /** Aborts the start and leaves nothing running. */
  signal?: AbortSignal;
};

/**
 * Starts Redis or Valkey with its data in `<dataDir>/redis` and restarts it when it ends. One caller at a
 * time per `dataDir`.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const { program, log } = options;
  const folder = await ensureRedisFolder(resolve(options.dataDir));
  await stopStale(folder, log);
  const password = await ensureSecret(join(folder, 'password'));
  const server = await superviseServer({
    ...options,
    name: 'Redis',
    launch: (port, signal) => launch({ program, folder, password }, port, signal),
    shutdownSteps,
    portFile: join(folder, 'port'),
    firstPort: 6380,
  });
  const { port } = server;
  return { url: redisUrl(password, port), port, folder, stop: (timeoutMs = 5_000) => server.stop(timeoutMs) };
}

async function ensureRedisFolder(dataDir: string): Promise<string> {
  await ensureDataDir(dataDir);
  const folder = join(dataDir, 'redis');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await ensureDataDir(folder);
  return folder;
}
