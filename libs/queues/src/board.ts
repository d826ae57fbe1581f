import type { Queue } from 'bullmq';
import { Failure, withTimeout } from '@oriontel/contracts';
import type { Backend, OnError } from './backend.ts';
import { createQueue, type QueueSettings } from './create-queue.ts';

/** A queue as BullMQ has it, for tools that show queues. */
export type BoardQueue = Queue;

export interface Board {
  /**
   * The queues, in the order in which they were asked for; the same ones each time while they can be reached.
   * @throws Failure unavailable within about a second where they cannot.
   */
  getQueues(): Promise<readonly BoardQueue[]>;
  close(): Promise<void>;
}

const BOARD_TIMEOUT_MS = 1_200;

/** Nothing is asked of the queues until somebody looks at them. */
export function createBoard(
  backend: Backend,
  definitions: readonly QueueSettings[],
  onError: OnError,
): Board {
  function make(): readonly BoardQueue[] {
    return definitions.map(
      (definition) => createQueue(backend, definition, onError) as unknown as BoardQueue,
    );
  }
  let made: readonly BoardQueue[] | undefined;

  async function close(queues: readonly BoardQueue[] = []): Promise<void> {
    if (made === queues) made = undefined;
    const closed = Promise.all(queues.map((queue) => queue.close()));
    await withTimeout(BOARD_TIMEOUT_MS, 'closing the queues of the board', closed).catch(() => undefined);
  }

  async function ask(queues: readonly BoardQueue[]): Promise<void> {
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    // Once ready they stay so, also while the server is away.
    await queues[0]?.getJobCounts('waiting');
  }

  return {
    async getQueues() {
      const queues = (made ??= make());
      await withTimeout(BOARD_TIMEOUT_MS, 'asking the queues', ask(queues)).catch((cause: unknown) => {
        // A queue of BullMQ's that was made while Redis was away never works: the next caller makes others.
        void close(queues);
        throw new Failure('unavailable', 'The queues are out of reach. Try again later.', {
          cause,
          retryAfter: 2,
        });
      });
      return queues;
    },
    close: () => close(made),
  };
}
