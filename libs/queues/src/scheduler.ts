import { withBackend } from 'bullmq';
import { withTimeout } from '@oriontel/contracts';
import type { Backend, OnError } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

/** A job that is added at a fixed interval. */
export interface Schedule<P> {
  /** Unique within its queue. */
  id: string;
  everyMs: number;
  payload: P;
}

export interface Scheduler<P> {
  /**
   * Creates the schedule if it is missing, has another interval or has stopped. Returns true if it created
   * it. Rejects within seconds if the queue is unreachable.
   */
  ensure(schedule: Schedule<P>): Promise<boolean>;
  close(): Promise<void>;
}

const SCHEDULER_TIMEOUT_MS = 3_000;
/** A schedule whose next job is overdue by this long has stopped. */
const OVERDUE_MS = 60_000;

/** Uses BullMQ's job schedulers, which exist in its Redis and its PostgreSQL backend. */
export function createScheduler<P>(
  backend: Backend,
  { name }: QueueDefinition<P>,
  onError: OnError,
): Scheduler<P> {
  const { Queue } = withBackend(backend.factory);
  function createQueue() {
    return new Queue<unknown>(name, {
      connection: backend.producerConnection,
      prefix: backend.prefix,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
    }).on('error', onError);
  }
  let current: ReturnType<typeof createQueue> | undefined;

  /** A BullMQ queue created while Redis is down never recovers: the next call creates a new one. */
  async function closeQueue(): Promise<void> {
    const closed = current?.close() ?? Promise.resolve();
    current = undefined;
    await withTimeout(SCHEDULER_TIMEOUT_MS, `closing queue ${name}`, closed).catch(() => undefined);
  }

  async function createIfMissing({ id, everyMs, payload }: Schedule<P>): Promise<boolean> {
    const queue = (current ??= createQueue());
    await queue.waitUntilReady();
    const existing = await queue.getJobScheduler(id);
    const isActive = existing?.every === everyMs && (existing.next ?? 0) > Date.now() - OVERDUE_MS;
    if (isActive) return false;
    await queue.upsertJobScheduler(
      id,
      { every: everyMs },
      // No retries: the next occurrence follows anyway.
      { name, data: payload, opts: { removeOnComplete: true, removeOnFail: true, attempts: 1 } },
    );
    return true;
  }

  return {
    async ensure(schedule) {
      try {
        const what = `scheduling ${schedule.id}`;
        return await withTimeout(SCHEDULER_TIMEOUT_MS, what, createIfMissing(schedule));
      } catch (error) {
        await closeQueue();
        throw error;
      }
    },
    close: closeQueue,
  };
}
