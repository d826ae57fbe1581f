import { withBackend } from 'bullmq';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

const FAILED_JOBS_KEPT = 1_000;

/** A queue definition without its payload type. */
export type QueueSettings = Pick<QueueDefinition<unknown>, 'name' | 'attempts' | 'backoffMs'>;

/** Creates BullMQ's queue on the producer connection, whose commands fail fast if the server is down. */
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
