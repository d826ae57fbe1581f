import { withBackend } from 'bullmq';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

const FAILED_JOBS_KEPT = 1_000;

/** What a queue is without its payloads. */
export type QueueSettings = Pick<QueueDefinition<unknown>, 'name' | 'attempts' | 'backoffMs'>;

/** BullMQ's queue to put jobs into and to look at, over the connection that does not wait for a server that is away. */
export function createQueue(
  backend: Backend,
  { name, attempts, backoffMs }: QueueSettings,
  onError: OnError,
) {
  const { Queue } = withBackend(backend.factory);
  return new Queue<unknown>(name, {
    connection: backend.producerConnection,
    prefix: backend.prefix,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    defaultJobOptions: {
      attempts,
      backoff: { type: 'exponential', delay: backoffMs },
      removeOnComplete: true,
      removeOnFail: FAILED_JOBS_KEPT,
    },
  }).on('error', onError);
}
