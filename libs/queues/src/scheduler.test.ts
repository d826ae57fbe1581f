import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { findRedis } from '@oriontel/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';
import { startTestRedis } from './testing/start-test-redis.ts';

vi.setConfig({ testTimeout: 60_000 });

const queue = defineQueue({
  name: 'ticks',
  payload: z.object({ name: z.string() }),
  attempts: 1,
  backoffMs: 20,
});
const consumerOptions = { concurrency: 1, onFailure: () => {} };
const schedule = (id: string, everyMs: number) => ({ id, everyMs, payload: { name: id } });

describe.each(testQueueStores())('a schedule on $kind', ({ storeFor }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function connect(): Promise<Queues> {
    const queues = await connectQueues(storeFor(database.url), () => {});
    onTestFinished(() => queues.close(0));
    return queues;
  }

  test('adds jobs at its interval, is created once, and again if the interval changes', async () => {
    const queues = await connect();
    const scheduler = queues.scheduler(queue);
    const other = (await connect()).scheduler(queue);
    const received: string[] = [];
    expect(await scheduler.ensure(schedule('slow', 3_600_000))).toBe(true);
    expect(await scheduler.ensure(schedule('quick', 300))).toBe(true);
    expect(await scheduler.ensure(schedule('quick', 300))).toBe(false);
    expect(await other.ensure(schedule('quick', 300))).toBe(false);
    queues.consumer(queue, async ({ name }) => void received.push(name), consumerOptions);
    await expect
      .poll(() => received.filter((name) => name === 'quick').length, { timeout: 20_000 })
      .toBeGreaterThan(3);
    expect(received.filter((name) => name === 'slow')).toHaveLength(1);
    expect(await other.ensure(schedule('quick', 3_600_000))).toBe(true);
    expect(await scheduler.ensure(schedule('quick', 3_600_000))).toBe(false);
  });
});

const program = await findRedis(process.env['PATH']);
function describeOwnRedis(redisServer: string) {
  test('is created again after Redis was flushed and after it was down', async () => {
    const redis = await startTestRedis(redisServer);
    const queues = await connectQueues({ kind: 'redis', url: redis.url }, () => {});
    onTestFinished(() => queues.close(0));
    const scheduler = queues.scheduler(queue);
    const received: string[] = [];
    queues.consumer(queue, async ({ name }) => void received.push(name), consumerOptions);
    await scheduler.ensure(schedule('quick', 300));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(1);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect(await scheduler.ensure(schedule('quick', 300))).toBe(true);
    const countBefore = received.length;
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(countBefore + 1);
    await redis.stop();
    await expect(scheduler.ensure(schedule('quick', 300))).rejects.toThrow();
    await redis.start();
    await vi.waitFor(() => scheduler.ensure(schedule('quick', 300)), 20_000);
    const countAfterRestart = received.length;
    await expect.poll(() => received.length, { timeout: 20_000 }).toBeGreaterThan(countAfterRestart + 1);
  });
}
// Skipped if Redis is not installed.
if (program) describe('a schedule on its own Redis', () => describeOwnRedis(program));
