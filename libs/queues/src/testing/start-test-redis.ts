import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '@oriontel/devstack';
import { onTestFinished } from 'vitest';

const log = { info: () => {}, warn: () => {}, error: () => {} } as never;

export interface TestRedis {
  url: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A Redis for one test alone, that can go away and come back on the same port. */
export async function startTestRedis(program: string): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'queues-test-'));
  let server: RedisServer | undefined;
  let url = '';
  async function start(): Promise<void> {
    server = await startRedis({ program, dataDir, log });
    if (url && server.url !== url) throw new Error(`Redis came back as ${server.url}, not ${url}`);
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
