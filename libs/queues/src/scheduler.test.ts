import { openTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { findRedis } from '@oriontel/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, openQueues, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';
import { ownRedis } from './testing/use-redis.ts';

vi.setConfig({ testTimeout: 60_000 });

const queue = defineQueue({
  name: 'ticks',
  payload: z.object({ name: z.string() }),
  attempts: 1,
  backoff: 20,
});
const options = { concurrency: 1, onFailure: () => {} };
const tick = (id: string, every: number) => ({ id, every, payload: { name: id } });

describe.each(testQueueStores())('a schedule on $kind', ({ open: storeAt }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.drop());

  const open = async (): Promise<Queues> => {
    const queues = await openQueues(storeAt(database.url), () => {});
    onTestFinished(() => queues.close(0));
    return queues;
  };

  test('brings its payload again and again, is made once, and made anew where its interval is another', async () => {
    const queues = await open();
    const scheduler = queues.scheduler(queue);
    const other = (await open()).scheduler(queue);
    const got: string[] = [];
    expect(await scheduler.keep(tick('slow', 3_600_000))).toBe(true);
    expect(await scheduler.keep(tick('quick', 300))).toBe(true);
    expect(await scheduler.keep(tick('quick', 300))).toBe(false);
    expect(await other.keep(tick('quick', 300))).toBe(false);
    queues.consumer(queue, async ({ name }) => void got.push(name), options);
    await expect
      .poll(() => got.filter((name) => name === 'quick').length, { timeout: 20_000 })
      .toBeGreaterThan(3);
    expect(got.filter((name) => name === 'slow')).toHaveLength(1);
    expect(await other.keep(tick('quick', 3_600_000))).toBe(true);
    expect(await scheduler.keep(tick('quick', 3_600_000))).toBe(false);
  });
});

const program = await findRedis(process.env['PATH']);
const wiped = (redisServer: string) => {
  test('is made anew after Redis was wiped, and after it was away', async () => {
    const redis = await ownRedis(redisServer);
    const queues = await openQueues({ kind: 'redis', url: redis.url }, () => {});
    onTestFinished(() => queues.close(0));
    const scheduler = queues.scheduler(queue);
    const got: string[] = [];
    queues.consumer(queue, async ({ name }) => void got.push(name), options);
    await scheduler.keep(tick('quick', 300));
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(1);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect(await scheduler.keep(tick('quick', 300))).toBe(true);
    const before = got.length;
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(before + 1);
    await redis.stop();
    await expect(scheduler.keep(tick('quick', 300))).rejects.toThrow();
    await redis.start();
    await vi.waitFor(() => scheduler.keep(tick('quick', 300)), 20_000);
    const then = got.length;
    await expect.poll(() => got.length, { timeout: 20_000 }).toBeGreaterThan(then + 1);
  });
};
// Not defined where no Redis is installed.
if (program) describe('a schedule on a Redis of its own', () => wiped(program));
