import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { findRedis, startRedis, type RedisServer } from '@oriontel/devstack';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUpAdmin } from './api-client.ts';

const LIMIT = 100;
const BURST = 1_000;
const CONNECTIONS = 50;

// A separate server from PATH, because the tests stop it.
const redisProgram = await findRedis(process.env['PATH']);

if (!redisProgram) it.skip('two gateways on one Redis: there is no redis-server or valkey-server on PATH');

describe.each(redisProgram ? [redisProgram] : [])('two gateways on one Redis', (program) => {
  let database: TestDatabase;
  let redis: RedisServer;
  let folder: string;
  let stack: AppStack;
  let token: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'oriontel-limits-'));
    const log = pino({ level: 'silent' });
    redis = await startRedis({ program, dataDir: folder, log });
    const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', RATE_LIMIT_SIGNED_IN: String(LIMIT) };
    stack = await startAppStack({ databaseUrl: database.url, redisUrl: redis.url, env, gateways: 2 });
    ({ token } = await signUpAdmin(stack.baseUrl));
  }, 60_000);

  afterAll(async () => {
    await stack?.stop();
    await redis?.stop();
    await database?.drop();
    if (folder) await rm(folder, { recursive: true, force: true });
  }, 30_000);

  function requestOwnUser(baseUrl: string): Promise<Response> {
    return fetch(`${baseUrl}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  }

  /** Sends requests over several connections, alternating between both gateways. Returns counts by status. */
  async function burst(times: number): Promise<Record<number, number>> {
    const counts: Record<number, number> = {};
    let sent = 0;
    async function sendRequests() {
      while (sent < times) {
        const response = await requestOwnUser(stack.baseUrls[sent++ % 2]!);
        await response.arrayBuffer();
        counts[response.status] = (counts[response.status] ?? 0) + 1;
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, sendRequests));
    return counts;
  }

  it(`accept exactly ${LIMIT} of ${BURST} requests and report the same limit`, async () => {
    expect(await burst(BURST)).toEqual({ 200: LIMIT, 429: BURST - LIMIT });
    for (const baseUrl of stack.baseUrls) {
      const { status, headers } = await requestOwnUser(baseUrl);
      expect(status).toBe(429);
      expect(headers.get('ratelimit-limit')).toBe(String(LIMIT));
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  }, 60_000);

  it('apply the limit per gateway while Redis is down', async () => {
    await redis.stop();
    expect(await burst(BURST)).toEqual({ 200: 2 * LIMIT, 429: BURST - 2 * LIMIT });
  }, 60_000);
});
