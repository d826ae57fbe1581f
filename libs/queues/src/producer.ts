import type { Backend } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';
import { makeQueue } from './make-queue.ts';
import { within } from '@oriontel/contracts';

export interface Producer<P> {
  /** Resolves once the queue holds the job; rejects within about a second where it cannot take it. */
  add(payload: P): Promise<void>;
  /** Rejects where the queue is out of reach. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const ADD_TIMEOUT = 1_200;
/** After a failure the queue is left alone for this long, so that a broken one costs a flood of callers nothing. */
const PAUSE_AFTER_FAILURE = 500;

export const openProducer = <P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  onError: (error: Error) => void,
): Producer<P> => {
  const { name, jobId } = definition;
  let made: ReturnType<typeof makeQueue> | undefined;
  let closedUntil = 0;

  /** A queue of BullMQ's that was made while Redis was away never works: the next caller makes another. */
  const reach = async () => {
    const queue = (made ??= makeQueue(backend, definition, onError));
    await queue.waitUntilReady().catch((error: Error) => {
      if (made === queue) made = undefined;
      void queue.close().catch(() => undefined);
      throw error;
    });
    return queue;
  };

  const guarded = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    if (Date.now() < closedUntil) throw new Error(`queue ${name} was out of reach a moment ago`);
    await within(ADD_TIMEOUT, what, work()).catch((error: Error) => {
      closedUntil = Date.now() + PAUSE_AFTER_FAILURE;
      throw error;
    });
  };

  const ask = async (): Promise<void> => {
    await (await reach()).getJobCounts('waiting');
  };

  return {
    add: (payload) =>
      guarded(`adding to queue ${name}`, async () =>
        // encodeURIComponent, not replace: BullMQ refuses ':' in an id, and 'a:b' and 'a_b' must stay two jobs.
        (await reach()).add(name, payload, jobId ? { jobId: encodeURIComponent(jobId(payload)) } : {}),
      ),
    ping: () => within(ADD_TIMEOUT, `asking queue ${name}`, ask()),
    close: async () => {
      await within(ADD_TIMEOUT, `closing queue ${name}`, made?.close() ?? Promise.resolve()).catch(
        () => undefined,
      );
    },
  };
};
