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
const options = { concurrency: 1, onFailure: () => {} };
const tick = (id: string, everyMs: number) => ({ id, everyMs, payload: { name: id } });

describe.each(testQueueStores())('a schedule on $kind', ({ open: storeAt }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function open(): Promise<Queues> {
    const queues = await connectQueues(storeAt(database.url), () => {});
    onTestFinished(() => queues.close(0));
    return queues;
  }

  test('brings its payload again and again, is made once, and made anew where its interval is another', async () => {
    const queues = await open();
    const scheduler = queues.scheduler(queue);
    const other = (await open()).scheduler(queue);
    const got: string[] = [];
    expect(await scheduler.ensure(tick('slow', 3_600_000))).toBe(true);
    expect(await scheduler.ensure(tick('quick', 300))).toBe(true);
    expect(await scheduler.ensure(tick('quick', 300))).toBe(false);
    expect(await other.ensure(tick('quick', 300))).toBe(false);
    queues.consumer(queue, async ({ name }) => void got.push(name), options);
    await expect
      .poll(() => got.filter((name) => name === 'quick').length, { timeout: 20_000 })
      .toBeGreaterThan(3);
    expect(got.filter((name) => name === 'slow')).toHaveLength(1);
    expect(await other.ensure(tick('quick', 3_600_000))).toBe(true);
    expect(await scheduler.ensure(tick('quick', 3_600_000))).toBe(false);
  });
});

const program = await findRedis(process.env['PATH']);
function wiped(redisServer: string) {
  test('is made anew after Redis was wiped, and after it was away', async () => {
    const redis = await startTestRedis(redisServer);
    const queues = await connectQueues({ kind: 'redis', url: redis.url }, () => {});
    onTestFinished(() => queues.close(0));
    const scheduler = queues.scheduler(queue);
    const got: string[] = [];
    queues.consumer(queue, async ({ name }) => void got.push(name), options);
    await scheduler.ensure(tick('quick', 300));
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(1);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect(await scheduler.ensure(tick('quick', 300))).toBe(true);
    const before = got.length;
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(before + 1);
    await redis.stop();
    await expect(scheduler.ensure(tick('quick', 300))).rejects.toThrow();
    await redis.start();
    await vi.waitFor(() => scheduler.ensure(tick('quick', 300)), 20_000);
    const then = got.length;
    await expect.poll(() => got.length, { timeout: 20_000 }).toBeGreaterThan(then + 1);
  });
}
// Not defined where no Redis is installed.
if (program) describe('a schedule on a Redis of its own', () => wiped(program));
