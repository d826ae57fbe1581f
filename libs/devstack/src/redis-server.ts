import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Log } from './log.ts';
import { openDataDir } from './open-data-dir.ts';
import { keepServer } from './process/keep-server.ts';
import { keepSecret } from './process/keep-secret.ts';
import { launch, urlOf } from './redis/launch.ts';
import { endingOf, stopStale } from './redis/stop-stale.ts';

export { findRedis } from './redis/find-redis.ts';

export type RedisServer = {
  url: string;
  port: number;
  folder: string;
  /** Writes everything to the disk and ends; after `within` ms (5,000) it is killed. */
  stop: (within?: number) => Promise<void>;
};

export type RedisOptions = {
  /** The program, as `findRedis` found it. */
  program: string;
  dataDir: string;
  log: Log;
  /** Gives up starting, and leaves nothing running. */
  signal?: AbortSignal;
};

/** A Redis (or Valkey) under `<dataDir>/redis`, kept running. One caller at a time per `dataDir`. */
export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const { program, log } = options;
  const folder = await openFolder(resolve(options.dataDir));
  await stopStale(folder, log);
  const password = await keepSecret(join(folder, 'password'));
  const server = await keepServer({
    ...options,
    name: 'Redis',
    launch: (port, signal) => launch({ program, folder, password }, port, signal),
    endingOf,
    portFile: join(folder, 'port'),
    firstPort: 6380,
  });
  const { port } = server;
  return { url: urlOf(password, port), port, folder, stop: (within = 5_000) => server.stop(within) };
};

const openFolder = async (dataDir: string): Promise<string> => {
  await openDataDir(dataDir);
  const folder = join(dataDir, 'redis');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await openDataDir(folder);
  return folder;
};
