import { connectBackend, type OnError, type QueueStore } from './backend.ts';
import { createBoard, type Board } from './board.ts';
import { startConsumer, type Consumer, type ConsumerOptions, type JobHandler } from './consumer.ts';
import type { QueueDefinition } from './define-queue.ts';
import type { QueueSettings } from './create-queue.ts';
import { createProducer, type Producer } from './producer.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

export interface Queues {
  producer<P>(definition: QueueDefinition<P>): Producer<P>;
  scheduler<P>(definition: QueueDefinition<P>): Scheduler<P>;
  /** For dashboards. */
  board(definitions: readonly QueueSettings[]): Board;
  consumer<P>(
    definition: QueueDefinition<P>,
    handle: JobHandler<P>,
    options: Omit<ConsumerOptions, 'onError'>,
  ): Consumer;
  /** Closes consumers, then producers, then connections; running jobs have `timeoutMs` to finish. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Connects to Redis or to BullMQ's PostgreSQL backend. On PostgreSQL it first creates BullMQ's tables and
 * rejects if the server is down; on Redis it does not wait for the server.
 */
export async function connectQueues(store: QueueStore, onError: OnError): Promise<Queues> {
  const backend = await connectBackend(store, onError);
  const producers: Pick<Producer<never>, 'close'>[] = [];
  const consumers: Consumer[] = [];

  async function closeAll(timeoutMs: number): Promise<void> {
    await Promise.all(consumers.map((consumer) => consumer.close(timeoutMs)));
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
    close: (timeoutMs) => (closed ??= closeAll(timeoutMs)),
  };
}
