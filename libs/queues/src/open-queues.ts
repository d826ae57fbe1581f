import { openBackend, type QueueStore } from './backend.ts';
import { openBoard, type Board } from './board.ts';
import { openConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
import type { QueueDefinition } from './define-queue.ts';
import type { QueueSettings } from './make-queue.ts';
import { openProducer, type Producer } from './producer.ts';
import { openScheduler, type Scheduler } from './scheduler.ts';

export interface Queues {
  producer<P>(definition: QueueDefinition<P>): Producer<P>;
  scheduler<P>(definition: QueueDefinition<P>): Scheduler<P>;
  /** For tools that show queues. */
  board(definitions: readonly QueueSettings[]): Board;
  consumer<P>(
    definition: QueueDefinition<P>,
    handle: (payload: P, job: { id: string; attempt: number }) => Promise<void>,
    options: Omit<ConsumerOptions, 'onError'>,
  ): Consumer;
  /** Closes consumers first, then producers, then the connections; at most `deadline` milliseconds for the jobs in hand. */
  close(deadline: number): Promise<void>;
}

/**
 * Opens the queues on Redis, or on BullMQ's PostgreSQL backend. On PostgreSQL it makes BullMQ's tables first and
 * rejects where the server is away; on Redis it does not wait for the server.
 */
export const openQueues = async (store: QueueStore, onError: (error: Error) => void): Promise<Queues> => {
  const backend = await openBackend(store, onError);
  const producers: Pick<Producer<never>, 'close'>[] = [];
  const consumers: Consumer[] = [];
  const close = async (deadline: number): Promise<void> => {
    await Promise.all(consumers.map((consumer) => consumer.close(deadline)));
    await Promise.all(producers.map((producer) => producer.close()));
    await backend.close();
  };
  let closed: Promise<void> | undefined;
  return {
    producer: (definition) => {
      const producer = openProducer(backend, definition, onError);
      producers.push(producer);
      return producer;
    },
    scheduler: (definition) => {
      const scheduler = openScheduler(backend, definition, onError);
      producers.push(scheduler);
      return scheduler;
    },
    board: (definitions) => {
      const board = openBoard(backend, definitions, onError);
      producers.push(board);
      return board;
    },
    consumer: (definition, handle, options) => {
      const consumer = openConsumer(backend, definition, handle, { ...options, onError });
      consumers.push(consumer);
      return consumer;
    },
    close: (deadline) => (closed ??= close(deadline)),
  };
};
