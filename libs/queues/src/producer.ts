import { withBackend } from 'bullmq';
import type { Backend } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';
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
const FAILED_JOBS_KEPT = 1_000;

export const openProducer = <P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  onError: (error: Error) => void,
): Producer<P> => {
  const { name, attempts, backoff, jobId } = definition;
  const { Queue } = withBackend(backend.factory);
  const queue = new Queue<unknown>(name, {
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
  });
  queue.on('error', onError);
  let closedUntil = 0;

  const guarded = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    if (Date.now() < closedUntil) throw new Error(`queue ${name} was out of reach a moment ago`);
    await within(ADD_TIMEOUT, what, work()).catch((error: Error) => {
      closedUntil = Date.now() + PAUSE_AFTER_FAILURE;
      throw error;
    });
  };

  return {
    add: (payload) =>
      guarded(`adding to queue ${name}`, () =>
        // encodeURIComponent, not replace: BullMQ refuses ':' in an id, and 'a:b' and 'a_b' must stay two jobs.
        queue.add(name, payload, jobId ? { jobId: encodeURIComponent(jobId(payload)) } : {}),
      ),
    ping: () =>
      within(ADD_TIMEOUT, `asking queue ${name}`, queue.getJobCounts('waiting')).then(() => undefined),
    close: () => within(ADD_TIMEOUT, `closing queue ${name}`, queue.close()).catch(() => undefined),
  };
};
