import { chmod, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations } from '@oriontel/database';
import { startStoreProxy, type StoreProxy } from '@oriontel/database/testing';
import { findRedis, startPostgres, startRedis } from '@oriontel/devstack';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { pino } from 'pino';
import { signUpAdmin } from '../api-client.ts';
import { breakProgram, type DeliberateBreak } from './deliberate-breaks.ts';

/** One of several organizations that send. */
export interface Sender {
  orgId: number;
  authorization: string;
}

/** The built apps, with proxies in front of the stores. */
export interface FaultSystem {
  baseUrl: string;
  apps: AppStack;
  postgres: StoreProxy;
  /** Null if no Redis is installed: the queues are in PostgreSQL. */
  redis: StoreProxy | null;
  /** Deletes everything in Redis. */
  flushRedis: () => Promise<void>;
  senders: Sender[];
  /** Directly connected to PostgreSQL. */
  sql: pg.Pool;
  stop: () => Promise<void>;
}

const ORGANIZATIONS = 2;
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Starts PostgreSQL (fsync on), Redis and the apps, and creates organizations with an API key each. */
export async function startSystem(broken: DeliberateBreak | null): Promise<FaultSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'oriontel-faults-'));
  await chmod(folder, 0o711);
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  async function stop(): Promise<void> {
    for (const close of closers.splice(0).reverse()) await close();
  }
  try {
    return await start(folder, broken, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  folder: string,
  broken: DeliberateBreak | null,
  closers: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<FaultSystem> {
  const log = pino({ level: 'silent' });
  const server = await startPostgres({ dataDir: folder, log });
  closers.push(() => server.stop());
  await applyMigrations(server.url);
  const postgres = await startStoreProxy(server.url);
  closers.push(() => postgres.close());
  const queues = await startRedisProxy(folder, closers);
  const apps = await startAppStack({
    databaseUrl: postgres.url,
    redisUrl: queues?.proxy.url ?? null,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'error', RATE_LIMITS: 'off', SWEEP_GRACE: '1' },
    ...(broken && { dist: await copyBroken(folder, broken) }),
    print: (name, line) => process.env['FAULTS_LOG'] && console.error(name, line),
  });
  closers.push(() => apps.stop());
  const sql = new pg.Pool({ connectionString: server.url, max: 2 });
  sql.on('error', () => undefined);
  closers.push(() => sql.end());
  return {
    baseUrl: apps.baseUrl,
    apps,
    postgres,
    redis: queues?.proxy ?? null,
    flushRedis: async () => void (await queues?.client.flushall()),
    senders: await createSenders(apps.baseUrl),
    sql,
    stop,
  };
}

async function startRedisProxy(folder: string, closers: (() => unknown)[]) {
  const program = await findRedis(process.env['PATH']);
  if (!program) return null;
  const server = await startRedis({ program, dataDir: folder, log: pino({ level: 'silent' }) });
  closers.push(() => server.stop());
  const client = new Redis(server.url);
  closers.push(() => client.disconnect());
  const proxy = await startStoreProxy(server.url);
  closers.push(() => proxy.close());
  return { client, proxy };
}

/** The programs with one mistake: the run must find it. */
async function copyBroken(folder: string, broken: DeliberateBreak): Promise<string> {
  const copy = join(folder, 'dist');
  await cp(join(REPOSITORY, 'dist'), copy, { recursive: true });
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  await breakProgram(copy, broken);
  return copy;
}

async function createSenders(baseUrl: string): Promise<Sender[]> {
  const admin = await signUpAdmin(baseUrl);
  async function post(path: string, body: object) {
    const { data } = await admin.send(path, { method: 'POST', body: JSON.stringify(body) });
    return data as { id: number; key: string };
  }
  const senders: Sender[] = [];
  for (let index = 1; index <= ORGANIZATIONS; index += 1) {
    const { id: orgId } = await post('/organizations', { name: `Organization ${index}` });
    const scopes = ['cdr:write', 'events:write', 'logs:write'];
    const { key } = await post('/api-keys', { name: 'faults', org_id: orgId, scopes });
    senders.push({ orgId, authorization: `Bearer ${key}` });
  }
  return senders;
}
