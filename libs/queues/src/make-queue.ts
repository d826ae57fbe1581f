import { withBackend } from 'bullmq';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

const FAILED_JOBS_KEPT = 1_000;

/** What a queue is without its payloads. */
export type QueueSettings = Pick<QueueDefinition<unknown>, 'name' | 'attempts' | 'backoff'>;

/** BullMQ's queue to put jobs into and to look at, over the connection that does not wait for a server that is away. */
export const makeQueue = (backend: Backend, { name, attempts, backoff }: QueueSettings, onError: OnError) => {
  const { Queue } = withBackend(backend.factory);
  return new Queue<unknown>(name, {
    connection: backend.producing,
    prefix: backend.prefix,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    defaultJobOptions: {
      attempts,
      backoff: { type: 'exponential', delay: backoff },
      removeOnComplete: true,
      removeOnFail: FAILED_JOBS_KEPT,
    },
  }).on('error', onError);
};
