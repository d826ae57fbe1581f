import { UnrecoverableError, withBackend, type Job } from 'bullmq';
import type { Backend } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';
import { withTimeout } from '@oriontel/contracts';

export interface Consumer {
  isRunning(): boolean;
  /** Finishes the jobs in hand, at most `deadline` milliseconds, then lets go of them: another worker takes them over. */
  close(deadline: number): Promise<void>;
}

export interface ConsumerOptions {
  /** Jobs at once in this process. */
  concurrency: number;
  onFailure: (error: Error, job: { id: string; attempt: number } | undefined) => void;
  onError: (error: Error) => void;
}

/** A killed worker's job is taken over after at most LOCK + STALLED_INTERVAL milliseconds. */
const LOCK_MS = 15_000;
const STALLED_INTERVAL_MS = 5_000;
/** Taking over again and again is harmless: what keeps killing its worker is quarantined by the intake, not failed here. */
const MAX_STALLED_COUNT = 1_000;

/**
 * Serves a queue. The handler may run twice for one job and must have the same result.
 * A payload that its schema refuses fails at once: it came from no producer of this version.
 */
export function startConsumer<P>(
  backend: Backend,
  definition: QueueDefinition<P>,
  handle: (payload: P, job: { id: string; attempt: number }) => Promise<void>,
  { concurrency, onFailure, onError }: ConsumerOptions,
): Consumer {
  const { Worker } = withBackend(backend.factory);
  const inHand = new Set<Promise<void>>();
  async function run(job: Job): Promise<void> {
    const payload = definition.payload.safeParse(job.data);
    if (!payload.success)
      throw new UnrecoverableError(`job ${job.id} of ${definition.name}: ${payload.error.message}`);
    await handle(payload.data, { id: job.id ?? '', attempt: job.attemptsMade + 1 });
  }
  function process(job: Job): Promise<void> {
    const work = run(job).finally(() => inHand.delete(work));
    inHand.add(work);
    return work;
  }
  const worker = new Worker(definition.name, process, {
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
  return {
    isRunning: () => worker.isRunning(),
    async close(deadline) {
      await worker.pause(true);
      // BullMQ does the first close() it is asked for and no other: whether by force is known only now.
      const finished = withTimeout(
        deadline,
        `the jobs in hand of ${definition.name}`,
        Promise.allSettled(inHand),
      );
      const force = await finished.then(
        () => false,
        () => true,
      );
      await withTimeout(1_000, `closing ${definition.name}`, worker.close(force)).catch(() => undefined);
    },
  };
}
