import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type QueueDefinition, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const Word = z.object({ word: z.string() });
type Word = z.output<typeof Word>;

let count = 0;
function wordQueue(more: Partial<QueueDefinition<Word>> = {}): QueueDefinition<Word> {
  return defineQueue({ name: `words-${(count += 1)}`, payload: Word, attempts: 3, backoffMs: 20, ...more });
}

const serveAll = { concurrency: 5, onFailure: () => {} };

describe.each(testQueueStores())('a queue on $kind', ({ open: storeAt }) => {
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

  test('brings the payload to its consumer as it is', async () => {
    const queues = await open();
    const queue = wordQueue();
    const word = `'"\\ \u0001 ☎ 🙂 ${'x'.repeat(100_000)}`;
    const got: unknown[] = [];
    queues.consumer(queue, async (payload, { attempt }) => void got.push({ payload, attempt }), serveAll);
    await queues.producer(queue).add({ word });
    await expect.poll(() => got).toEqual([{ payload: { word }, attempt: 1 }]);
  });

  test('brings every one of a flood, each once, and jobs of other queues to nobody else', async () => {
    const queues = await open();
    const [queue, other] = [wordQueue(), wordQueue()];
    const got: string[] = [];
    queues.consumer(queue, async ({ word }) => void got.push(word), serveAll);
    const words = Array.from({ length: 200 }, (_, i) => `word ${i}`);
    const [producer, otherProducer] = [queues.producer(queue), queues.producer(other)];
    await Promise.all([
      ...words.map((word) => producer.add({ word })),
      otherProducer.add({ word: 'not mine' }),
    ]);
    await expect.poll(() => got.length, { timeout: 10_000 }).toBe(200);
    expect(got.sort()).toEqual(words.sort());
  });

  test('fails a payload that its schema refuses at once, without running the handler', async () => {
    const queues = await open();
    const queue = wordQueue();
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

  test('tries a job that fails again, each time after twice the pause, and gives up after the attempts', async () => {
    const queues = await open();
    const queue = wordQueue({ attempts: 3, backoffMs: 200 });
    const tries: { attempt: number; at: number }[] = [];
    const onFailure = vi.fn<(error: Error) => void>();
    async function handle(_payload: Word, { attempt }: { attempt: number }) {
      tries.push({ attempt, at: performance.now() });
      throw new Error(`try ${attempt}`);
    }
    queues.consumer(queue, handle, { concurrency: 1, onFailure });
    await queues.producer(queue).add({ word: 'never' });
    await expect
      .poll(() => onFailure.mock.calls.map(([error]) => error.message), { timeout: 15_000 })
      .toEqual(['try 1', 'try 2', 'try 3']);
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(195);
    expect(tries[2]!.at - tries[1]!.at).toBeGreaterThanOrEqual(395);
  });

  test('a job that fails holds up nobody', async () => {
    const queues = await open();
    const queue = wordQueue({ attempts: 5, backoffMs: 60_000 });
    const got: string[] = [];
    async function handle({ word }: Word) {
      got.push(word);
      if (word === 'bad') throw new Error('bad');
    }
    queues.consumer(queue, handle, { ...serveAll, concurrency: 1 });
    const producer = queues.producer(queue);
    for (const word of ['one', 'bad', 'two', 'three']) await producer.add({ word });
    await expect.poll(() => got).toEqual(['one', 'bad', 'two', 'three']);
  });

  test('jobs of one id are one job, and of a:b and a_b are two', async () => {
    const queues = await open();
    const queue = wordQueue({ jobId: ({ word }) => word });
    const producer = queues.producer(queue);
    for (const word of ['a:b', 'a_b', 'a:b', 'a_b', 'a%3Ab']) await producer.add({ word });
    const got: string[] = [];
    queues.consumer(queue, async ({ word }) => void got.push(word), { ...serveAll, concurrency: 1 });
    await producer.add({ word: 'end' });
    await expect.poll(() => got).toContain('end');
    expect(got).toEqual(['a:b', 'a_b', 'a%3Ab', 'end']);
  });

  test('closing waits for the job in hand, takes no other, and the job does not run again', async () => {
    const queues = await open();
    const queue = wordQueue();
    const got: string[] = [];
    let isTaken = false;
    let finish = () => {};
    async function handle({ word }: Word) {
      isTaken = true;
      await new Promise<void>((resolve) => (finish = resolve));
      got.push(word);
    }
    queues.consumer(queue, handle, { ...serveAll, concurrency: 1 });
    const producer = queues.producer(queue);
    await producer.add({ word: 'in hand' });
    await producer.add({ word: 'next' });
    await vi.waitFor(() => expect(isTaken).toBe(true));
    const closed = queues.close(10_000);
    setTimeout(() => finish(), 100);
    await closed;
    expect(got).toEqual(['in hand']);
    (await open()).consumer(queue, async ({ word }) => void got.push(word), serveAll);
    await expect.poll(() => got).toEqual(['in hand', 'next']);
  });

  test('closing idle consumers takes no time', async () => {
    const queues = await open();
    const queue = wordQueue();
    const got: string[] = [];
    queues.consumer(queue, async ({ word }) => void got.push(word), serveAll);
    await queues.producer(queue).add({ word: 'first' });
    await expect.poll(() => got).toEqual(['first']);
    const began = performance.now();
    await queues.close(10_000);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test('ping answers', async () => {
    await (await open()).producer(wordQueue()).ping();
  });
});
