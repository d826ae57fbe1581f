import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '@oriontel/devstack';
import { onTestFinished } from 'vitest';

const log = { info: () => {}, warn: () => {}, error: () => {} } as never;

export interface OwnRedis {
  url: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A Redis for one test alone, that can go away and come back on the same port. */
export const ownRedis = async (program: string): Promise<OwnRedis> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'queues-test-'));
  let server: RedisServer | undefined;
  let url = '';
  const start = async (): Promise<void> => {
    server = await startRedis({ program, dataDir, log });
    if (url && server.url !== url) throw new Error(`Redis came back as ${server.url}, not ${url}`);
    ({ url } = server);
  };
  const stop = async (): Promise<void> => {
    await server?.stop(1_000);
    server = undefined;
  };
  onTestFinished(async () => {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  await start();
  return { url, start, stop };
};
