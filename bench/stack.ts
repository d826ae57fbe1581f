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

/** The apps on a database of their own. */
export interface BenchApps {
  baseUrl: string;
  token: string;
  /** A superuser's connection. */
  sql: pg.Client;
  /** Of the processes, by name. */
  pids: () => Record<string, number>;
}

export interface BenchStack extends BenchApps {
  bareUrl: string;
  queues: string;
  /** The same apps once more, on another database of the same server. */
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

/** A whole stack with the settings of `npm start` (fsync on) in a folder of its own, and the bare server beside it. */
export async function startBenchStack(settings: Record<string, string> = {}): Promise<BenchStack> {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'oriontel-bench-'));
  await chmod(dataDir, 0o711);
  const closing: (() => unknown)[] = [() => rm(dataDir, { recursive: true, force: true })];
  async function stop(): Promise<void> {
    for (const close of closing.splice(0).reverse()) await close();
  }
  try {
    const postgres = await startPostgres({ dataDir, log });
    closing.push(() => postgres.stop());
    const program = process.env['BENCH_QUEUES'] === 'postgres' ? null : await findRedis(process.env['PATH']);
    const redis = program ? await startRedis({ program, dataDir, log }) : null;
    closing.push(() => redis?.stop());
    function start(url: string, redisUrl: string | null, more = {}) {
      return startApps(url, redisUrl, closing, { ...settings, ...more });
    }
    const apps = await start(postgres.url, redis?.url ?? null);
    const bare = await startBareServer();
    closing.push(() => bare.stop());
    async function beside(name: string, more = {}): Promise<BenchApps> {
      await apps.sql.query(`CREATE DATABASE ${name}`);
      const url = new URL(postgres.url);
      url.pathname = name;
      return start(url.href, null, more);
    }
    return {
      ...apps,
      bareUrl: bare.url,
      queues: redis ? 'Redis' : 'PostgreSQL',
      startOnNewDatabase: beside,
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
  closing: (() => unknown)[],
  settings: Record<string, string>,
): Promise<BenchApps> {
  await applyMigrations(databaseUrl);
  const env = { PATH: process.env['PATH'], LOG_LEVEL: 'warn', RATE_LIMITS: 'off', ...settings };
  const print = (name: string, line: string) => console.error(name, line);
  const apps = await startAppStack({ databaseUrl, redisUrl, env, print });
  closing.push(() => apps.stop());
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  closing.push(() => sql.end());
  const { token } = await signUpAdmin(apps.baseUrl);
  return { baseUrl: apps.baseUrl, token, sql, pids: apps.pids };
}

async function startBareServer(): Promise<{ url: string; stop: () => void }> {
  const port = await freePort();
  const script = new URL('./bare-fastify.ts', import.meta.url);
  const child = fork(script, [String(port)], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
}
