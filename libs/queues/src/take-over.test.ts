import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { z } from 'zod';
import { defineQueue, connectQueues, type Queues } from './index.ts';
import { testQueueStores } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

// Each waits until a lock of 15 s is over: all at once.
describe.concurrent.each(testQueueStores())('a queue on $kind', ({ open: storeAt }) => {
  let database: TestDatabase;
  const opened: Queues[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await Promise.all(opened.map((queues) => queues.close(0)));
    await database.drop();
  });

  const Word = z.object({ word: z.string() });
  type Word = z.output<typeof Word>;
  const wordQueue = (name: string) => defineQueue({ name, payload: Word, attempts: 1, backoffMs: 20 });
  const serveAll = { concurrency: 5, onFailure: () => {} };
  async function open(): Promise<Queues> {
    const queues = await connectQueues(storeAt(database.url), () => {});
    opened.push(queues);
    return queues;
  }

  /** A process of its own that takes one job and never finishes it. */
  async function startHangingWorker(name: string) {
    const script = `
      import { z } from 'zod';
      import { openQueues } from './libs/queues/src/index.ts';
      const queues = await openQueues(${JSON.stringify(storeAt(database.url))}, console.error);
      const queue = { name: '${name}', payload: z.any(), attempts: 1, backoff: 20 };
      queues.consumer(queue, () => { console.log('taken'); return new Promise(() => {}); }, { concurrency: 1, onFailure: console.error });`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return child;
  }

  test('a job whose consumer is killed in the middle is taken over by another', async ({ expect }) => {
    const queues = await open();
    const queue = wordQueue('killed');
    const worker = await startHangingWorker(queue.name);
    await queues.producer(queue).add({ word: 'precious' });
    await once(worker.stdout, 'data');
    worker.kill('SIGKILL');
    const got: Word[] = [];
    queues.consumer(queue, async (payload) => void got.push(payload), serveAll);
    await expect.poll(() => got, { timeout: 40_000 }).toEqual([{ word: 'precious' }]);
  });

  test('closing lets go of a handler that hangs at the deadline, and another consumer takes its job over', async ({
    expect,
  }) => {
    const first = await open();
    const queue = wordQueue('hanging');
    let finish = () => {};
    const taken = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    first.consumer(queue, taken, serveAll);
    await first.producer(queue).add({ word: 'precious' });
    await expect.poll(() => taken.mock.calls).toHaveLength(1);
    const began = performance.now();
    await first.close(500);
    expect(performance.now() - began).toBeLessThan(1_000);
    // Too late: what it says now is heard by nobody and breaks nothing.
    finish();
    const got: Word[] = [];
    (await open()).consumer(queue, async (payload) => void got.push(payload), serveAll);
    await expect.poll(() => got, { timeout: 40_000 }).toEqual([{ word: 'precious' }]);
    expect(taken).toHaveBeenCalledTimes(1);
  });
});
