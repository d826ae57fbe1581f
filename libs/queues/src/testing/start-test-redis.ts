import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '@oriontel/devstack';
import { onTestFinished } from 'vitest';

const silentLog = { info: () => {}, warn: () => {}, error: () => {} } as never;

export interface TestRedis {
  url: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts a Redis server for one test; it can be stopped and started again on the same port. */
export async function startTestRedis(program: string): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'queues-test-'));
  let server: RedisServer | undefined;
  let url = '';
  async function start(): Promise<void> {
    server = await startRedis({ program, dataDir, log: silentLog });
    if (url && server.url !== url) throw new Error(`Redis restarted at ${server.url}, expected ${url}`);
    ({ url } = server);
  }
  async function stop(): Promise<void> {
    await server?.stop(1_000);
    server = undefined;
  }
  onTestFinished(async () => {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  await start();
  return { url, start, stop };
}
