import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations } from '@oriontel/database';
import { findRedis, startPostgres, startRedis } from '@oriontel/devstack';
import { startAppStack } from '@oriontel/devstack/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { pino } from 'pino';
import { signUpAdmin } from '../tests/api-client.ts';
import { parentOf } from './cpu-time.ts';

/** The apps with a separate database. */
export interface BenchApps {
  baseUrl: string;
  /** Prometheus metrics of the gateway. */
  metricsUrl: string;
  token: string;
  /** Of the database. */
  url: string;
  /** Connection as a superuser. */
  sql: pg.Client;
  /** Process ids by app name. */
  pids: () => Record<string, number>;
}

interface Servers {
  /** Process ids of PostgreSQL, and of Redis if the queues are there. */
  serverPids: Record<string, number>;
}

export interface BenchStack extends BenchApps, Servers {
  /** URL of the bare Fastify baseline. */
  bareUrl: string;
  /** URL of the baseline that stores each record by one call of Prisma. */
  naiveUrl: string;
  /** Where the queues are: `Redis` or `PostgreSQL`. */
  queues: string;
  /** Starts a second set of apps on a new database of the same server, with queues in PostgreSQL. */
  startOnNewDatabase: (name: string, settings?: Record<string, string>) => Promise<BenchApps>;
  stop: () => Promise<void>;
}

/** Lets each app write a CPU profile into the folder BENCH_CPU_PROFILE when it ends. */
function profileSettings(folder: string | undefined): Record<string, string> {
  if (!folder) return {};
  const preload = fileURLToPath(new URL('./write-cpu-profile.mjs', import.meta.url));
  return { NODE_OPTIONS: `--import ${preload}`, CPU_PROFILE_FOLDER: resolve(folder) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/**
 * Starts a whole stack with the database settings of `npm start` (fsync on) in a temporary folder, and the
 * baseline servers. Queues are in Redis if one is on PATH and BENCH_QUEUES is not `postgres`. The folder
 * BENCH_DATA_DIR keeps the data for later runs; those with an empty table delete it.
 */
export async function startBenchStack(settings: Record<string, string> = {}): Promise<BenchStack> {
  const log = pino({ level: 'silent' });
  const keptDir = process.env['BENCH_DATA_DIR'];
  const dataDir = keptDir ?? (await mkdtemp(join(tmpdir(), 'oriontel-bench-')));
  await chmod(dataDir, 0o711);
  const closers: (() => unknown)[] = keptDir ? [] : [() => rm(dataDir, { recursive: true, force: true })];
  async function stop(): Promise<void> {
    for (const close of closers.splice(0).reverse()) await close();
  }
  try {
    const postgres = await startPostgres({ dataDir, log });
    closers.push(() => postgres.stop());
    const program = process.env['BENCH_QUEUES'] === 'postgres' ? null : await findRedis(process.env['PATH']);
    const redis = program ? await startRedis({ program, dataDir, log }) : null;
    closers.push(() => redis?.stop());
    function startWith(url: string, redisUrl: string | null, moreSettings = {}) {
      const profile = profileSettings(process.env['BENCH_CPU_PROFILE']);
      return startApps(url, redisUrl, closers, { ...profile, ...settings, ...moreSettings });
    }
    const apps = await startWith(postgres.url, redis?.url ?? null);
    const bare = await startServer('./bare-fastify.ts');
    closers.push(() => bare.stop());
    const naive = await startServer('./intake/naive-peer.ts', postgres.url);
    closers.push(() => naive.stop());
    async function startOnNewDatabase(name: string, moreSettings = {}): Promise<BenchApps> {
      await apps.sql.query(`CREATE DATABASE ${name}`);
      const url = new URL(postgres.url);
      url.pathname = name;
      return startWith(url.href, null, moreSettings);
    }
    const { rows } = await apps.sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return {
      ...apps,
      serverPids: {
        postgres: parentOf(rows[0]!.pid)!,
        ...(redis && { redis: await readRedisPid(redis.url) }),
      },
      bareUrl: bare.url,
      naiveUrl: naive.url,
      queues: redis ? 'Redis' : 'PostgreSQL',
      startOnNewDatabase,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startApps(
  databaseUrl: string,
  redisUrl: string | null,
  closers: (() => unknown)[],
  settings: Record<string, string>,
): Promise<BenchApps> {
  await applyMigrations(databaseUrl);
  const env = { PATH: process.env['PATH'], LOG_LEVEL: 'warn', RATE_LIMITS: 'off', ...settings };
  const print = (name: string, line: string) => console.error(name, line);
  const apps = await startAppStack({ databaseUrl, redisUrl, env, print });
  closers.push(() => apps.stop());
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  closers.push(() => sql.end());
  // Kept data of an earlier run, whose password was random.
  await sql.query(`DELETE FROM users WHERE username = 'admin'`);
  const { token } = await signUpAdmin(apps.baseUrl);
  const { baseUrl, metricsUrl, pids } = apps;
  return { baseUrl, metricsUrl, token, url: databaseUrl, sql, pids };
}

async function readRedisPid(url: string): Promise<number> {
  const redis = new Redis(url);
  const info = await redis.info('server');
  redis.disconnect();
  return Number(/process_id:(\d+)/.exec(info)![1]);
}

/** Starts a server of the benchmark, which listens on the port of its first argument. */
async function startServer(file: string, ...args: string[]): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const child = fork(new URL(file, import.meta.url), [String(port), ...args], {
    execArgv: ['--import', 'tsx'],
  });
  await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
}
