import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { bundleProgram } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

// Concurrent: each test waits for a lock of 15 s to expire.
describe.concurrent.each(testQueueStores())('a queue on $kind', ({ storeFor }) => {
  let database: TestDatabase;
  const connected: Queues[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await Promise.all(connected.map((queues) => queues.close(0)));
    await database.drop();
  });

  const Word = z.object({ word: z.string() });
  type Word = z.output<typeof Word>;
  const defineWordQueue = (name: string) => defineQueue({ name, payload: Word, attempts: 1, backoffMs: 20 });
  const consumerOptions = { concurrency: 5, onFailure: () => {} };
  async function connect(): Promise<Queues> {
    const queues = await connectQueues(storeFor(database.url), () => {});
    connected.push(queues);
    return queues;
  }

  /** Starts a worker process that takes one job and never finishes it. */
  async function startHangingWorker(name: string) {
    const program = await bundleProgram(new URL('testing/hanging-worker.program.ts', import.meta.url));
    const args = [program, JSON.stringify(storeFor(database.url)), name];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  test('a job whose worker is killed is taken over by another worker', async ({ expect }) => {
    const queues = await connect();
    const queue = defineWordQueue('killed');
    const worker = await startHangingWorker(queue.name);
    await queues.producer(queue).add({ word: 'precious' });
    await once(worker.stdout, 'data');
    worker.kill('SIGKILL');
    const received: Word[] = [];
    queues.consumer(queue, async (payload) => void received.push(payload), consumerOptions);
    await expect.poll(() => received, { timeout: 40_000 }).toEqual([{ word: 'precious' }]);
  });

  test('close releases a hanging job after its timeout, and another consumer takes it over', async ({
    expect,
  }) => {
    const first = await connect();
    const queue = defineWordQueue('hanging');
    let finish = () => {};
    const handle = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    first.consumer(queue, handle, consumerOptions);
    await first.producer(queue).add({ word: 'precious' });
    await expect.poll(() => handle.mock.calls).toHaveLength(1);
    const startedAt = performance.now();
    await first.close(500);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    // A late result of the released handler is ignored.
    finish();
    const received: Word[] = [];
    (await connect()).consumer(queue, async (payload) => void received.push(payload), consumerOptions);
    await expect.poll(() => received, { timeout: 40_000 }).toEqual([{ word: 'precious' }]);
    expect(handle).toHaveBeenCalledTimes(1);
  });
});
