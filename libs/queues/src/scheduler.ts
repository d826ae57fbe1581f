import { withBackend } from 'bullmq';
import { withTimeout } from '@oriontel/contracts';
import type { Backend } from './backend.ts';
import type { QueueDefinition } from './define-queue.ts';

/** What a queue is told again and again. */
export interface Schedule<P> {
  /** Names the schedule in its queue. */
  id: string;
  /** Milliseconds. */
  everyMs: number;
  payload: P;
}

export interface Scheduler<P> {
  /**
   * Sees to it that the schedule is there: makes it where it is not, or not any more, where it has another interval, and where it
   * has stopped. True where it had to. Rejects within seconds where the queue is out of reach.
   */
  ensure(schedule: Schedule<P>): Promise<boolean>;
  close(): Promise<void>;
}

const SCHEDULER_TIMEOUT_MS = 3_000;
/** Milliseconds after which a job that should have come has not. */
const OVERDUE_MS = 60_000;

/** Job schedulers of BullMQ, which its Redis and its PostgreSQL backend both have. */
export function createScheduler<P>(
  backend: Backend,
  { name }: QueueDefinition<P>,
  onError: (error: Error) => void,
): Scheduler<P> {
  const { Queue } = withBackend(backend.factory);
  function make() {
    return new Queue<unknown>(name, {
      connection: backend.producerConnection,
      prefix: backend.prefix,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
    }).on('error', onError);
  }
  let made: ReturnType<typeof make> | undefined;

  /** A queue of BullMQ's that was made while Redis was away never works: the next caller makes another. */
  async function drop(): Promise<void> {
    const queue = made;
    made = undefined;
    await withTimeout(
      SCHEDULER_TIMEOUT_MS,
      `closing queue ${name}`,
      queue?.close() ?? Promise.resolve(),
    ).catch(() => undefined);
  }

  async function keep({ id, everyMs, payload }: Schedule<P>): Promise<boolean> {
    const queue = (made ??= make());
    await queue.waitUntilReady();
    const known = await queue.getJobScheduler(id);
    const goesOn = known?.every === everyMs && (known.next ?? 0) > Date.now() - OVERDUE_MS;
    if (goesOn) return false;
    await queue.upsertJobScheduler(
      id,
      { every: everyMs },
      // The next occurrence comes anyway: one that failed is not kept.
      { name, data: payload, opts: { removeOnComplete: true, removeOnFail: true, attempts: 1 } },
    );
    return true;
  }

  return {
    ensure(schedule) {
      return withTimeout(SCHEDULER_TIMEOUT_MS, `scheduling ${schedule.id}`, keep(schedule)).catch(
        async (error: unknown) => {
          await drop();
          throw error;
        },
      );
    },
    close: drop,
  };
}
