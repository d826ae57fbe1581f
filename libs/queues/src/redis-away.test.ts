import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { findRedis } from '@oriontel/devstack';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type Queues } from './index.ts';
import { startTestRedis } from './testing/start-test-redis.ts';

vi.setConfig({ testTimeout: 60_000 });

const queue = defineQueue({ name: 'words', payload: z.string(), attempts: 2, backoffMs: 20 });
const serve = { concurrency: 1, onFailure: () => {} };

async function open(url: string): Promise<Queues> {
  const queues = await connectQueues({ kind: 'redis', url }, () => {});
  onTestFinished(() => queues.close(0));
  return queues;
}

/** Milliseconds until it rejects. */
async function timeToReject(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await expect(work).rejects.toThrow();
  return performance.now() - began;
}

/** Something that takes connections and never says a word. */
async function silentServer(): Promise<string> {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each([
  { what: 'that is down', url: async () => 'redis://127.0.0.1:1' },
  { what: 'that takes connections and never answers', url: silentServer },
])('a Redis $what', ({ url }) => {
  test('holds up neither opening nor closing, with producers and consumers', async () => {
    const began = performance.now();
    const queues = await open(await url());
    queues.producer(queue);
    const consumer = queues.consumer(queue, async () => {}, serve);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(consumer.isRunning()).toBe(true);
    const closing = performance.now();
    await queues.close(500);
    expect(performance.now() - closing).toBeLessThan(2_500);
  });

  test('makes add() reject within 1.5 s, and again at once while it is left alone', async () => {
    const producer = (await open(await url())).producer(queue);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(20);
    expect(await timeToReject(producer.ping())).toBeLessThan(1_500);
  });

  test('makes a board unavailable within 1.5 s', async () => {
    const board = (await open(await url())).board([queue]);
    expect(await timeToReject(board.getQueues())).toBeLessThan(1_500);
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

const program = await findRedis(process.env['PATH']);
function cameBack(redisServer: string) {
  test('takes jobs again, and its consumer goes on', async () => {
    const redis = await startTestRedis(redisServer);
    const queues = await open(redis.url);
    const producer = queues.producer(queue);
    const got: string[] = [];
    queues.consumer(queue, async (word) => void got.push(word), serve);
    await producer.add('before');
    await expect.poll(() => got).toEqual(['before']);
    await redis.stop();
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    await redis.start();
    await vi.waitFor(() => producer.add('after'), 10_000);
    await expect.poll(() => got, { timeout: 15_000 }).toContain('after');
  });

  test('that hangs makes one caller wait for a second and turns the next ones away at once, until it answers', async () => {
    const redis = await startTestRedis(redisServer);
    const observer = new Redis(redis.url);
    onTestFinished(() => observer.disconnect());
    const producer = (await open(redis.url)).producer(queue);
    await producer.add('before');
    await observer.client('PAUSE', 3_000);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(20);
    await vi.waitFor(() => producer.add('after'), 10_000);
  });

  test('works for a process that was started while it was away', async () => {
    const redis = await startTestRedis(redisServer);
    await redis.stop();
    const queues = await open(redis.url);
    const producer = queues.producer(queue);
    const got: string[] = [];
    queues.consumer(queue, async (word) => void got.push(word), serve);
    await timeToReject(producer.add('lost'));
    await redis.start();
    await vi.waitFor(() => producer.ping(), 10_000);
    await vi.waitFor(() => producer.add('after'), 10_000);
    await expect.poll(() => got, { timeout: 15_000 }).toContain('after');
  });

  test('shows its queues to a board that was opened while it was away, and that finds it away again', async () => {
    const redis = await startTestRedis(redisServer);
    await redis.stop();
    const queues = await open(redis.url);
    const board = queues.board([queue]);
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
    await redis.start();
    await vi.waitFor(() => queues.producer(queue).add('a word'), 10_000);
    const [shown] = await vi.waitFor(() => board.getQueues(), 10_000);
    expect(await shown!.getJobCounts('waiting')).toEqual({ waiting: 1 });
    expect((await board.getQueues())[0]).toBe(shown);
    await redis.stop();
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
    await redis.start();
    await vi.waitFor(() => board.getQueues(), 10_000);
  });

  test('keeps no connection of queues that are closed, with a handler that hangs or without', async () => {
    const redis = await startTestRedis(redisServer);
    const observer = new Redis(redis.url);
    onTestFinished(() => observer.disconnect());
    const queues = [await open(redis.url), await open(redis.url)];
    let finish = () => {};
    const handle = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    for (const one of queues) one.consumer(queue, handle, serve);
    await queues[0]!.producer(queue).add('hang');
    await expect.poll(() => handle.mock.calls).toHaveLength(1);
    await Promise.all(queues.map((one) => one.close(100)));
    finish();
    async function connections() {
      return String(await observer.client('LIST'))
        .trim()
        .split('\n').length;
    }
    await expect.poll(connections).toBe(1);
  });
}
// Not defined where no Redis is installed.
if (program) describe('a Redis that goes away and comes back', () => cameBack(program));
