import { UnrecoverableError, withBackend, type Job } from 'bullmq';
import { withTimeout } from '@oriontel/contracts';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

export interface Consumer {
  isRunning(): boolean;
  /** Waits up to `timeoutMs` for running jobs, then releases them to other workers. */
  close(timeoutMs: number): Promise<void>;
}

/** `attempt` counts from 1. */
export type JobHandler<P> = (payload: P, job: { id: string; attempt: number }) => Promise<void>;

export interface ConsumerOptions {
  /** Concurrent jobs in this process. */
  concurrency: number;
  onFailure: (error: Error, job: { id: string; attempt: number } | undefined) => void;
  onError: OnError;
}

/** Another worker takes over a killed worker's job after at most LOCK_MS + STALLED_INTERVAL_MS. */
const LOCK_MS = 15_000;
const STALLED_INTERVAL_MS = 5_000;
/**
 * Practically unlimited: the intake quarantines rows that kill their worker, so the queue need not fail the
 * job.
 */
const MAX_STALLED_COUNT = 1_000;
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Starts a worker for a queue. The handler may run twice for one job and must be idempotent.
 * A payload that does not match its schema fails without retries.
 */
export function startConsumer<P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  handle: JobHandler<P>,
  { concurrency, onFailure, onError }: ConsumerOptions,
): Consumer {
  const { Worker } = withBackend(backend.factory);
  const inFlight = new Set<Promise<void>>();

  async function runJob(job: Job): Promise<void> {
    const payload = definition.payload.safeParse(job.data);
    if (!payload.success)
      throw new UnrecoverableError(`job ${job.id} of ${definition.name}: ${payload.error.message}`);
    await handle(payload.data, { id: job.id ?? '', attempt: job.attemptsMade + 1 });
  }
  function trackJob(job: Job): Promise<void> {
    const run = runJob(job).finally(() => inFlight.delete(run));
    inFlight.add(run);
    return run;
  }

  const worker = new Worker(definition.name, trackJob, {
    connection: backend.consumerConnection,
    prefix: backend.prefix,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_INTERVAL_MS,
    maxStalledCount: MAX_STALLED_COUNT,
    drainDelay: 5,
  });
  worker.on('failed', (job, error) =>
    onFailure(error, job && { id: job.id ?? '', attempt: job.attemptsMade }),
  );
  worker.on('error', onError);

  /** Whether every running job finished in time. */
  function waitForRunningJobs(timeoutMs: number): Promise<boolean> {
    const finished = Promise.allSettled(inFlight);
    return withTimeout(timeoutMs, `finishing the jobs of ${definition.name}`, finished).then(
      () => true,
      () => false,
    );
  }

  return {
    isRunning: () => worker.isRunning(),
    async close(timeoutMs) {
      await worker.pause(true);
      // BullMQ ignores a second close(): decide about force first.
      const force = !(await waitForRunningJobs(timeoutMs));
      await withTimeout(CLOSE_TIMEOUT_MS, `closing ${definition.name}`, worker.close(force)).catch(
        () => undefined,
      );
    },
  };
}
