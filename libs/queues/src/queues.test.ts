import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type QueueDefinition, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const Word = z.object({ word: z.string() });
type Word = z.output<typeof Word>;

let count = 0;
function defineWordQueue(overrides: Partial<QueueDefinition<Word>> = {}): QueueDefinition<Word> {
  return defineQueue({
    name: `words-${(count += 1)}`,
    payload: Word,
    attempts: 3,
    backoffMs: 20,
    ...overrides,
  });
}

const consumerOptions = { concurrency: 5, onFailure: () => {} };

describe.each(testQueueStores())('a queue on $kind', ({ storeFor }) => {
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

  test('delivers the payload unchanged', async () => {
    const queues = await connect();
    const queue = defineWordQueue();
    const word = `'"\\ \u0001 ☎ 🙂 ${'x'.repeat(100_000)}`;
    const received: unknown[] = [];
    queues.consumer(
      queue,
      async (payload, { attempt }) => void received.push({ payload, attempt }),
      consumerOptions,
    );
    await queues.producer(queue).add({ word });
    await expect.poll(() => received).toEqual([{ payload: { word }, attempt: 1 }]);
  });

  test('delivers each of 200 jobs once, and no jobs of other queues', async () => {
    const queues = await connect();
    const [queue, other] = [defineWordQueue(), defineWordQueue()];
    const received: string[] = [];
    queues.consumer(queue, async ({ word }) => void received.push(word), consumerOptions);
    const words = Array.from({ length: 200 }, (_, i) => `word ${i}`);
    const [producer, otherProducer] = [queues.producer(queue), queues.producer(other)];
    await otherProducer.add({ word: 'not mine' });
    // Few at once: each add has a timeout of about a second.
    for (let i = 0; i < words.length; i += 20)
      await Promise.all(words.slice(i, i + 20).map((word) => producer.add({ word })));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(200);
    expect(received.sort()).toEqual(words.sort());
  });

  test('tells when the oldest waiting job was added', async () => {
    const queues = await connect();
    const queue = defineWordQueue();
    const producer = queues.producer(queue);
    expect(await producer.oldestWaiting()).toBeNull();
    const before = Date.now();
    await producer.add({ word: 'first' });
    const added = Date.now();
    await producer.add({ word: 'second' });
    const oldest = (await producer.oldestWaiting())!.getTime();
    expect(oldest).toBeGreaterThanOrEqual(before);
    expect(oldest).toBeLessThanOrEqual(added);
    const received: string[] = [];
    queues.consumer(queue, async ({ word }) => void received.push(word), consumerOptions);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    expect(await producer.oldestWaiting()).toBeNull();
  });

  test('fails an invalid payload without retries and without calling the handler', async () => {
    const queues = await connect();
    const queue = defineWordQueue();
    const handle = vi.fn();
    const onFailure = vi.fn<(error: Error) => void>();
    queues.consumer(queue, handle, { concurrency: 1, onFailure });
    await queues.producer(queue as unknown as QueueDefinition<{ number: number }>).add({ number: 1 });
    await expect.poll(() => onFailure.mock.calls).toHaveLength(1);
    expect(onFailure.mock.calls[0]![0].message).toContain('word');
    await queues.producer(queue).add({ word: 'the next' });
    await expect.poll(() => handle.mock.calls.map(([payload]) => payload)).toEqual([{ word: 'the next' }]);
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  test('retries a failed job with doubling delays up to its number of attempts', async () => {
    const queues = await connect();
    const queue = defineWordQueue({ attempts: 3, backoffMs: 200 });
    const calls: { attempt: number; at: number }[] = [];
    const onFailure = vi.fn<(error: Error) => void>();
    async function handle(_payload: Word, { attempt }: { attempt: number }) {
      calls.push({ attempt, at: performance.now() });
      throw new Error(`attempt ${attempt}`);
    }
    queues.consumer(queue, handle, { concurrency: 1, onFailure });
    await queues.producer(queue).add({ word: 'never' });
    await expect
      .poll(() => onFailure.mock.calls.map(([error]) => error.message), { timeout: 15_000 })
      .toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(calls[1]!.at - calls[0]!.at).toBeGreaterThanOrEqual(195);
    expect(calls[2]!.at - calls[1]!.at).toBeGreaterThanOrEqual(395);
  });

  test('a failing job does not block other jobs', async () => {
    const queues = await connect();
    const queue = defineWordQueue({ attempts: 5, backoffMs: 60_000 });
    const received: string[] = [];
    async function handle({ word }: Word) {
      received.push(word);
      if (word === 'bad') throw new Error('bad');
    }
    queues.consumer(queue, handle, { ...consumerOptions, concurrency: 1 });
    const producer = queues.producer(queue);
    for (const word of ['one', 'bad', 'two', 'three']) await producer.add({ word });
    await expect.poll(() => received).toEqual(['one', 'bad', 'two', 'three']);
  });

  test('jobs with the same id are added once; a:b and a_b are distinct', async () => {
    const queues = await connect();
    const queue = defineWordQueue({ jobId: ({ word }) => word });
    const producer = queues.producer(queue);
    for (const word of ['a:b', 'a_b', 'a:b', 'a_b', 'a%3Ab']) await producer.add({ word });
    const received: string[] = [];
    queues.consumer(queue, async ({ word }) => void received.push(word), {
      ...consumerOptions,
      concurrency: 1,
    });
    await producer.add({ word: 'end' });
    await expect.poll(() => received).toContain('end');
    expect(received).toEqual(['a:b', 'a_b', 'a%3Ab', 'end']);
  });

  test('close waits for the running job and takes no other', async () => {
    const queues = await connect();
    const queue = defineWordQueue();
    const received: string[] = [];
    let isStarted = false;
    let finish = () => {};
    async function handle({ word }: Word) {
      isStarted = true;
      await new Promise<void>((resolve) => (finish = resolve));
      received.push(word);
    }
    queues.consumer(queue, handle, { ...consumerOptions, concurrency: 1 });
    const producer = queues.producer(queue);
    await producer.add({ word: 'running' });
    await producer.add({ word: 'next' });
    await vi.waitFor(() => expect(isStarted).toBe(true));
    const closed = queues.close(10_000);
    setTimeout(() => finish(), 100);
    await closed;
    expect(received).toEqual(['running']);
    (await connect()).consumer(queue, async ({ word }) => void received.push(word), consumerOptions);
    await expect.poll(() => received).toEqual(['running', 'next']);
  });

  test('close of idle consumers returns at once', async () => {
    const queues = await connect();
    const queue = defineWordQueue();
    const received: string[] = [];
    queues.consumer(queue, async ({ word }) => void received.push(word), consumerOptions);
    await queues.producer(queue).add({ word: 'first' });
    await expect.poll(() => received).toEqual(['first']);
    const startedAt = performance.now();
    await queues.close(10_000);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  test('ping resolves', async () => {
    await (await connect()).producer(defineWordQueue()).ping();
  });
});
