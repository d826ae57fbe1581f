import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMigrations } from '@oriontel/database';
import { findRedis, startPostgres, startRedis } from '@oriontel/devstack';
import { startAppStack } from '@oriontel/devstack/testing';
import pg from 'pg';
import { pino } from 'pino';
import { signUpAdmin } from '../tests/api-client.ts';

/** The apps with a separate database. */
export interface BenchApps {
  baseUrl: string;
  token: string;
  /** Of the database. */
  url: string;
  /** Connection as a superuser. */
  sql: pg.Client;
  /** Process ids by app name. */
  pids: () => Record<string, number>;
}

export interface BenchStack extends BenchApps {
  /** URL of the bare Fastify baseline. */
  bareUrl: string;
  /** Where the queues are: `Redis` or `PostgreSQL`. */
  queues: string;
  /** Starts a second set of apps on a new database of the same server, with queues in PostgreSQL. */
  startOnNewDatabase: (name: string, settings?: Record<string, string>) => Promise<BenchApps>;
  stop: () => Promise<void>;
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
 * bare Fastify server. Queues are in Redis if one is on PATH and BENCH_QUEUES is not `postgres`.
 */
export async function startBenchStack(settings: Record<string, string> = {}): Promise<BenchStack> {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'oriontel-bench-'));
  await chmod(dataDir, 0o711);
  const closers: (() => unknown)[] = [() => rm(dataDir, { recursive: true, force: true })];
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
      return startApps(url, redisUrl, closers, { ...settings, ...moreSettings });
    }
    const apps = await startWith(postgres.url, redis?.url ?? null);
    const bare = await startBareServer();
    closers.push(() => bare.stop());
    async function startOnNewDatabase(name: string, moreSettings = {}): Promise<BenchApps> {
      await apps.sql.query(`CREATE DATABASE ${name}`);
      const url = new URL(postgres.url);
      url.pathname = name;
      return startWith(url.href, null, moreSettings);
    }
    return {
      ...apps,
      bareUrl: bare.url,
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
  const { token } = await signUpAdmin(apps.baseUrl);
  return { baseUrl: apps.baseUrl, token, url: databaseUrl, sql, pids: apps.pids };
}

async function startBareServer(): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const script = new URL('./bare-fastify.ts', import.meta.url);
  const child = fork(script, [String(port)], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
}
