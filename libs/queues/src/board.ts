import type { Queue } from 'bullmq';
import { Failure, withTimeout } from '@oriontel/contracts';
import type { Backend, OnError } from './backend.ts';
import { createQueue, type QueueSettings } from './create-queue.ts';

/** BullMQ's own queue object, for dashboards. */
export type BoardQueue = Queue;

export interface Board {
  /**
   * Returns the queues in the order of their definitions; the same objects each time while they are
   * reachable.
   * @throws Failure unavailable within about a second if they are not.
   */
  getQueues(): Promise<readonly BoardQueue[]>;
  close(): Promise<void>;
}

const BOARD_TIMEOUT_MS = 1_200;

/** Creates a lazy view of queues: it connects on the first call of `getQueues`. */
export function createBoard(
  backend: Backend,
  definitions: readonly QueueSettings[],
  onError: OnError,
): Board {
  function createQueues(): readonly BoardQueue[] {
    return definitions.map(
      (definition) => createQueue(backend, definition, onError) as unknown as BoardQueue,
    );
  }
  let current: readonly BoardQueue[] | undefined;

  async function closeQueues(queues: readonly BoardQueue[] = []): Promise<void> {
    if (current === queues) current = undefined;
    const closed = Promise.all(queues.map((queue) => queue.close()));
    await withTimeout(BOARD_TIMEOUT_MS, 'closing the queues of the board', closed).catch(() => undefined);
  }

  async function checkReachable(queues: readonly BoardQueue[]): Promise<void> {
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    // A queue that was ready once stays ready while the server is down: run a command.
    await queues[0]?.getJobCounts('waiting');
  }

  return {
    async getQueues() {
      const queues = (current ??= createQueues());
      const reachable = checkReachable(queues);
      await withTimeout(BOARD_TIMEOUT_MS, 'reading the queues', reachable).catch((cause: unknown) => {
        // A BullMQ queue created while Redis is down never recovers: the next call creates new ones.
        void closeQueues(queues);
        throw new Failure('unavailable', 'The queue store is not reachable. Try again later.', {
          cause,
          retryAfter: 2,
        });
      });
      return queues;
    },
    close: () => closeQueues(current),
  };
}
