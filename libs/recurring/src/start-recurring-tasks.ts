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
  /**
   * Signals due tasks; each process that runs different tasks needs its own.
   * @default recurringQueue
   */
  queue?: RecurringQueue;
  /**
   * Interval of the watchdog.
   * @default 15000
   */
  watchdogIntervalMs?: number;
}

const WATCHDOG_INTERVAL_MS = 15_000;
/** A job may arrive early by this much, because the queue and the database have different clocks. */
const CLOCK_SKEW_SECONDS = 1;
/** The watchdog runs an occurrence that is overdue by this much. */
const OVERDUE_SECONDS = 5;
/** Time for a running occurrence to finish at shutdown. */
const FINISH_TIMEOUT_MS = 5_000;

/**
 * Runs each task when its job scheduler fires; one worker runs each occurrence. A watchdog recreates
 * schedulers that are missing or have stopped (for example after Redis was flushed) and runs overdue
 * occurrences. Returns a function that stops it.
 */
export function startRecurringTasks({
  db,
  queues,
  log,
  tasks,
  queue = recurringQueue,
  watchdogIntervalMs = WATCHDOG_INTERVAL_MS,
}: RecurringTaskOptions): () => Promise<void> {
  const runOccurrence = createOccurrenceRunner(db, log);
  const scheduler = queues.scheduler(queue);
  const registered = new Set<string>();

  async function checkTask(task: RecurringTaskDefinition): Promise<void> {
    const { name, everySeconds } = task;
    if (!registered.has(name)) {
      await recurringTasks(db).register(name, everySeconds);
      registered.add(name);
    }
    const schedule = { id: name, everyMs: everySeconds * 1_000, payload: { name } };
    const isCreated = await scheduler.ensure(schedule).catch((err: unknown) => {
      log.warn({ err, task: name }, 'queue unreachable: the watchdog runs recurring tasks');
      return false;
    });
    if (isCreated) log.info({ task: name, everySeconds }, 'recurring task scheduled');
    await runOccurrence(task, OVERDUE_SECONDS);
  }
  function onError(err: unknown, task?: string): void {
    log.warn({ err, task }, 'recurring task check failed, will be retried');
  }
  async function checkAllTasks(signal: AbortSignal): Promise<void> {
    for (const task of tasks)
      if (!signal.aborted) await checkTask(task).catch((err: unknown) => onError(err, task.name));
  }

  async function handleJob({ name }: { name: string }): Promise<void> {
    const task = tasks.find((candidate) => candidate.name === name);
    if (task) await runOccurrence(task, -CLOCK_SKEW_SECONDS);
  }
  const consumer = queues.consumer(queue, handleJob, {
    concurrency: 2,
    onFailure: (err) => log.warn({ err }, 'recurring job failed'),
  });
  const watchdog = startPoller(checkAllTasks, { intervalMs: watchdogIntervalMs, onError });
  watchdog.wake();
  return async function stopRecurringTasks() {
    await Promise.all([consumer.close(FINISH_TIMEOUT_MS), watchdog.stop()]);
    await scheduler.close();
  };
}
