import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { startStoreProxy } from '@oriontel/database/testing';
import { findRedis } from '@oriontel/devstack';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type Queues } from './index.ts';
import { startTestRedis } from './testing/start-test-redis.ts';

vi.setConfig({ testTimeout: 60_000 });

const queue = defineQueue({ name: 'words', payload: z.string(), attempts: 2, backoffMs: 20 });
const consumerOptions = { concurrency: 1, onFailure: () => {} };

async function connect(url: string): Promise<Queues> {
  const queues = await connectQueues({ kind: 'redis', url }, () => {});
  onTestFinished(() => queues.close(0));
  return queues;
}

/** Milliseconds until `work` rejects. */
async function timeToReject(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await expect(work).rejects.toThrow();
  return performance.now() - startedAt;
}

/** Accepts connections and never responds. */
async function startSilentServer(): Promise<string> {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each([
  { what: 'that is down', url: async () => 'redis://127.0.0.1:1' },
  { what: 'that accepts connections and never responds', url: startSilentServer },
])('a Redis $what', ({ url }) => {
  test('delays neither connectQueues nor close', async () => {
    const startedAt = performance.now();
    const queues = await connect(await url());
    queues.producer(queue);
    const consumer = queues.consumer(queue, async () => {}, consumerOptions);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(consumer.isRunning()).toBe(true);
    const closedAt = performance.now();
    await queues.close(500);
    expect(performance.now() - closedAt).toBeLessThan(2_500);
  });

  test('makes add reject within 1.5 s, and the next add at once', async () => {
    const producer = (await connect(await url())).producer(queue);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(20);
    expect(await timeToReject(producer.ping())).toBeLessThan(1_500);
  });

  test('makes getQueues of a board throw unavailable within 1.5 s', async () => {
    const board = (await connect(await url())).board([queue]);
    expect(await timeToReject(board.getQueues())).toBeLessThan(1_500);
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

const program = await findRedis(process.env['PATH']);
function describeRestart(redisServer: string) {
  test('accepts jobs again and delivers them to the same consumer', async () => {
    const redis = await startTestRedis(redisServer);
    const queues = await connect(redis.url);
    const producer = queues.producer(queue);
    const received: string[] = [];
    queues.consumer(queue, async (word) => void received.push(word), consumerOptions);
    await producer.add('before');
    await expect.poll(() => received).toEqual(['before']);
    await redis.stop();
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    await redis.start();
    await vi.waitFor(() => producer.add('after'), 10_000);
    await expect.poll(() => received, { timeout: 15_000 }).toContain('after');
  });

  test('that hangs delays one caller for a second and rejects the next ones at once', async () => {
    const redis = await startTestRedis(redisServer);
    const observer = new Redis(redis.url);
    onTestFinished(() => observer.disconnect());
    const producer = (await connect(redis.url)).producer(queue);
    await producer.add('before');
    await observer.client('PAUSE', 3_000);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(20);
    await vi.waitFor(() => producer.add('after'), 10_000);
  });

  test('whose connections become half-open is served by new ones', async () => {
    const redis = await startTestRedis(redisServer);
    const proxy = await startStoreProxy(redis.url);
    onTestFinished(() => proxy.close());
    const queues = await connect(proxy.url);
    const producer = queues.producer(queue);
    const received: string[] = [];
    queues.consumer(queue, async (word) => void received.push(word), consumerOptions);
    await producer.add('before');
    await expect.poll(() => received).toEqual(['before']);
    proxy.setState('half-open');
    expect(await timeToReject(producer.add('lost'))).toBeLessThan(1_500);
    await vi.waitFor(() => producer.add('after'), 10_000);
    await expect.poll(() => received, { timeout: 20_000 }).toContain('after');
  });

  test('serves a process that started while it was down', async () => {
    const redis = await startTestRedis(redisServer);
    await redis.stop();
    const queues = await connect(redis.url);
    const producer = queues.producer(queue);
    const received: string[] = [];
    queues.consumer(queue, async (word) => void received.push(word), consumerOptions);
    await timeToReject(producer.add('lost'));
    await redis.start();
    await vi.waitFor(() => producer.ping(), 10_000);
    await vi.waitFor(() => producer.add('after'), 10_000);
    await expect.poll(() => received, { timeout: 15_000 }).toContain('after');
  });

  test('serves a board that was created while it was down, across another restart', async () => {
    const redis = await startTestRedis(redisServer);
    await redis.stop();
    const queues = await connect(redis.url);
    const board = queues.board([queue]);
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
    await redis.start();
    await vi.waitFor(() => queues.producer(queue).add('a word'), 10_000);
    const [boardQueue] = await vi.waitFor(() => board.getQueues(), 10_000);
    expect(await boardQueue!.getJobCounts('waiting')).toEqual({ waiting: 1 });
    expect((await board.getQueues())[0]).toBe(boardQueue);
    await redis.stop();
    await expect(board.getQueues()).rejects.toMatchObject({ code: 'unavailable' });
    await redis.start();
    await vi.waitFor(() => board.getQueues(), 10_000);
  });

  test('has no connection left after close, even if a handler hangs', async () => {
    const redis = await startTestRedis(redisServer);
    const observer = new Redis(redis.url);
    onTestFinished(() => observer.disconnect());
    const connections = [await connect(redis.url), await connect(redis.url)];
    let finish = () => {};
    const handle = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    for (const queues of connections) queues.consumer(queue, handle, consumerOptions);
    await connections[0]!.producer(queue).add('hang');
    await expect.poll(() => handle.mock.calls).toHaveLength(1);
    await Promise.all(connections.map((queues) => queues.close(100)));
    finish();
    async function countClients(): Promise<number> {
      return String(await observer.client('LIST'))
        .trim()
        .split('\n').length;
    }
    await expect.poll(countClients).toBe(1);
  });
}
// Skipped if Redis is not installed.
if (program) describe('a restarted Redis', () => describeRestart(program));
