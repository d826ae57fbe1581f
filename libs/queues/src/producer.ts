import { withTimeout } from '@oriontel/contracts';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';
import { createQueue } from './create-queue.ts';

export interface Producer<P> {
  /** Resolves once the queue has stored the job; rejects within about a second if it cannot. */
  add(payload: P): Promise<void>;
  /** When the oldest waiting job was added; null if there is none, or the queue is unreachable. */
  oldestWaiting(): Promise<Date | null>;
  /** Rejects if the queue is unreachable. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const ADD_TIMEOUT_MS = 1_200;
/**
 * After a failure `add` rejects at once for this long, so that callers do not wait for a broken queue one by
 * one.
 */
const PAUSE_AFTER_FAILURE_MS = 500;

export function createProducer<P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  onError: OnError,
): Producer<P> {
  const { name, jobId } = definition;
  let current: ReturnType<typeof createQueue> | undefined;
  let pausedUntil = 0;

  /** A BullMQ queue created while Redis is down never recovers: the next call creates a new one. */
  async function getReadyQueue() {
    const queue = (current ??= createQueue(backend, definition, onError));
    await queue.waitUntilReady().catch((error: Error) => {
      if (current === queue) current = undefined;
      void queue.close().catch(() => undefined);
      throw error;
    });
    return queue;
  }

  async function addJob(payload: P): Promise<void> {
    const queue = await getReadyQueue();
    // BullMQ rejects ':' in an id. Encoded rather than replaced: 'a:b' and 'a_b' must stay distinct.
    await queue.add(name, payload, jobId ? { jobId: encodeURIComponent(jobId(payload)) } : {});
  }

  async function findOldestWaiting(): Promise<Date | null> {
    const isAscending = true;
    const [job] = await (await getReadyQueue()).getJobs(['waiting'], 0, 0, isAscending);
    return job ? new Date(job.timestamp) : null;
  }

  async function readJobCounts(): Promise<void> {
    await (await getReadyQueue()).getJobCounts('waiting');
  }

  return {
    async add(payload) {
      if (Date.now() < pausedUntil) throw new Error(`queue ${name} was unreachable less than a second ago`);
      await withTimeout(ADD_TIMEOUT_MS, `adding to queue ${name}`, addJob(payload)).catch((error: Error) => {
        pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
        throw error;
      });
    },
    oldestWaiting: () =>
      withTimeout(ADD_TIMEOUT_MS, `reading queue ${name}`, findOldestWaiting()).catch(() => null),
    ping: () => withTimeout(ADD_TIMEOUT_MS, `pinging queue ${name}`, readJobCounts()),
    async close() {
      const closed = current?.close() ?? Promise.resolve();
      await withTimeout(ADD_TIMEOUT_MS, `closing queue ${name}`, closed).catch(() => undefined);
    },
  };
}
