import { startPoller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import { recurringTasks } from './recurring-task.repository.ts';
import { recurringQueue, type RecurringQueue, type RecurringTaskDefinition } from './recurring-task.ts';
import { createOccurrenceRunner } from './create-occurrence-runner.ts';

export interface RecurringTaskOptions {
  db: Database;
  queues: Pick<Queues, 'consumer' | 'scheduler'>;
  log: Logger;
  tasks: RecurringTaskDefinition[];
  /** Default: the queue of apps/cdr-worker. */
  queue?: RecurringQueue;
  /** Milliseconds between two looks of the watchdog. */
  watchdogIntervalMs?: number;
}

const WATCHDOG_INTERVAL_MS = 15_000;
/** Seconds a job may come early, by another clock than the database's. */
const EARLY_SECONDS = -1;
/** Seconds after which the watchdog does what no job told of. */
const OVERDUE_SECONDS = 5;
/** Milliseconds for the occurrence in hand at the end. */
const FINISH_TIMEOUT_MS = 5_000;

/**
 * Does each work when its job scheduler says so. A watchdog makes schedulers anew that are gone or have stopped (Redis was wiped), and
 * does what is overdue. Each occurrence is done by one worker, of however many. Returns how to stop.
 */
export function startRecurringTasks({
  db,
  queues,
  log,
  tasks,
  queue = recurringQueue,
  watchdogIntervalMs = WATCHDOG_INTERVAL_MS,
}: RecurringTaskOptions): () => Promise<void> {
  const occur = createOccurrenceRunner(db, log);
  const scheduler = queues.scheduler(queue);
  const registered = new Set<string>();

  async function watch(work: RecurringTaskDefinition): Promise<void> {
    const { name, everySeconds } = work;
    if (!registered.has(name)) {
      await recurringTasks(db).register(name, everySeconds);
      registered.add(name);
    }
    const schedule = { id: name, everyMs: everySeconds * 1_000, payload: { name } };
    const isMade = await scheduler.ensure(schedule).catch((err: unknown) => {
      log.warn({ err, work: name }, 'queue out of reach: recurring work goes on by the watchdog');
      return false;
    });
    if (isMade) log.info({ work: name }, 'scheduled');
    await occur(work, OVERDUE_SECONDS);
  }
  function onError(err: unknown, work?: string): void {
    log.warn({ err, work }, 'the watchdog will look again');
  }
  async function watchAll(signal: AbortSignal): Promise<void> {
    for (const work of tasks)
      if (!signal.aborted) await watch(work).catch((err: unknown) => onError(err, work.name));
  }

  const consumer = queues.consumer(
    queue,
    async ({ name }) => {
      const work = tasks.find((one) => one.name === name);
      if (work) await occur(work, EARLY_SECONDS);
    },
    { concurrency: 2, onFailure: (err) => log.warn({ err }, 'recurring work could not be taken in hand') },
  );
  const polling = startPoller(watchAll, { intervalMs: watchdogIntervalMs, onError });
  polling.wake();
  return async function stopRecurringTasks() {
    await Promise.all([consumer.close(FINISH_TIMEOUT_MS), polling.stop()]);
    await scheduler.close();
  };
}
