import type { Backend } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';
import { createQueue } from './create-queue.ts';
import { withTimeout } from '@oriontel/contracts';

export interface Producer<P> {
  /** Resolves once the queue holds the job; rejects within about a second where it cannot take it. */
  add(payload: P): Promise<void>;
  /** Rejects where the queue is out of reach. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const ADD_TIMEOUT_MS = 1_200;
/** After a failure the queue is left alone for this long, so that a broken one costs a flood of callers nothing. */
const PAUSE_AFTER_FAILURE_MS = 500;

export function createProducer<P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  onError: (error: Error) => void,
): Producer<P> {
  const { name, jobId } = definition;
  let made: ReturnType<typeof createQueue> | undefined;
  let closedUntil = 0;

  /** A queue of BullMQ's that was made while Redis was away never works: the next caller makes another. */
  async function reach() {
    const queue = (made ??= createQueue(backend, definition, onError));
    await queue.waitUntilReady().catch((error: Error) => {
      if (made === queue) made = undefined;
      void queue.close().catch(() => undefined);
      throw error;
    });
    return queue;
  }

  async function guarded(what: string, work: () => Promise<unknown>): Promise<void> {
    if (Date.now() < closedUntil) throw new Error(`queue ${name} was out of reach a moment ago`);
    await withTimeout(ADD_TIMEOUT_MS, what, work()).catch((error: Error) => {
      closedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
      throw error;
    });
  }

  async function ask(): Promise<void> {
    await (await reach()).getJobCounts('waiting');
  }

  return {
    add(payload) {
      return guarded(`adding to queue ${name}`, async () =>
        // encodeURIComponent, not replace: BullMQ refuses ':' in an id, and 'a:b' and 'a_b' must stay two jobs.
        (await reach()).add(name, payload, jobId ? { jobId: encodeURIComponent(jobId(payload)) } : {}),
      );
    },
    ping: () => withTimeout(ADD_TIMEOUT_MS, `asking queue ${name}`, ask()),
    async close() {
      await withTimeout(ADD_TIMEOUT_MS, `closing queue ${name}`, made?.close() ?? Promise.resolve()).catch(
        () => undefined,
      );
    },
  };
}
