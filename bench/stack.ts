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

export interface BenchStack {
  baseUrl: string;
  bareUrl: string;
  token: string;
  /** A superuser's connection. */
  sql: pg.Client;
  queues: string;
  stop: () => Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

/** A whole stack with the settings of `npm start` (fsync on) in a folder of its own, and the bare server beside it. */
export const startBenchStack = async (): Promise<BenchStack> => {
  const log = pino({ level: 'silent' });
  const dataDir = await mkdtemp(join(tmpdir(), 'oriontel-bench-'));
  await chmod(dataDir, 0o711);
  const postgres = await startPostgres({ dataDir, log });
  const program = process.env['BENCH_QUEUES'] === 'postgres' ? null : await findRedis(process.env['PATH']);
  const redis = program ? await startRedis({ program, dataDir, log }) : null;
  await applyMigrations(postgres.url);
  const env = { PATH: process.env['PATH'], LOG_LEVEL: 'warn' };
  const apps = await startAppStack({
    databaseUrl: postgres.url,
    redisUrl: redis?.url ?? null,
    env,
    print: console.error,
  });

  const barePort = await freePort();
  const bare = fork(new URL('./bare-fastify.ts', import.meta.url), [String(barePort)], {
    execArgv: ['--import', 'tsx'],
  });
  await once(bare, 'message');
  const sql = new pg.Client({ connectionString: postgres.url });
  await sql.connect();
  return {
    baseUrl: apps.baseUrl,
    bareUrl: `http://127.0.0.1:${barePort}`,
    token: (await signUpAdmin(apps.baseUrl)).token,
    sql,
    queues: redis ? 'Redis' : 'PostgreSQL',
    stop: async () => {
      bare.disconnect();
      await sql.end();
      await apps.stop();
      await Promise.all([postgres.stop(), redis?.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
