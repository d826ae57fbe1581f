import { connectBackend, type QueueStore } from './backend.ts';
import { createBoard, type Board } from './board.ts';
import { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
import type { QueueDefinition } from './define-queue.ts';
import type { QueueSettings } from './create-queue.ts';
import { createProducer, type Producer } from './producer.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

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
export async function connectQueues(store: QueueStore, onError: (error: Error) => void): Promise<Queues> {
  const backend = await connectBackend(store, onError);
  const producers: Pick<Producer<never>, 'close'>[] = [];
  const consumers: Consumer[] = [];
  async function close(deadline: number): Promise<void> {
    await Promise.all(consumers.map((consumer) => consumer.close(deadline)));
    await Promise.all(producers.map((producer) => producer.close()));
    await backend.close();
  }
  let closed: Promise<void> | undefined;
  return {
    producer(definition) {
      const producer = createProducer(backend, definition, onError);
      producers.push(producer);
      return producer;
    },
    scheduler(definition) {
      const scheduler = createScheduler(backend, definition, onError);
      producers.push(scheduler);
      return scheduler;
    },
    board(definitions) {
      const board = createBoard(backend, definitions, onError);
      producers.push(board);
      return board;
    },
    consumer(definition, handle, options) {
      const consumer = startConsumer(backend, definition, handle, { ...options, onError });
      consumers.push(consumer);
      return consumer;
    },
    close: (deadline) => (closed ??= close(deadline)),
  };
}
