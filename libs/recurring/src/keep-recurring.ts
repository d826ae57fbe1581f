import { keepPolling } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import { recurringTasks } from './recurring-task.repository.ts';
import { recurringQueue, type RecurringWork } from './recurring-work.ts';
import { runOccurrence } from './run-occurrence.ts';

export interface RecurringOptions {
  db: Database;
  queues: Pick<Queues, 'consumer' | 'scheduler'>;
  log: Logger;
  works: RecurringWork[];
  /** Milliseconds between two looks of the watchdog. */
  watchEvery?: number;
}

const WATCH_EVERY = 15_000;
/** Seconds a job may come early, by another clock than the database's. */
const EARLY = -1;
/** Seconds after which the watchdog does what no job told of. */
const LATE = 5;
/** Milliseconds for the occurrence in hand at the end. */
const FINISH = 5_000;

/**
 * Does each work when its job scheduler says so. A watchdog makes schedulers anew that are gone or have stopped (Redis was wiped), and
 * does what is overdue. Each occurrence is done by one worker, of however many. Returns how to stop.
 */
export const keepRecurring = ({
  db,
  queues,
  log,
  works,
  watchEvery = WATCH_EVERY,
}: RecurringOptions): (() => Promise<void>) => {
  const occur = runOccurrence(db, log);
  const scheduler = queues.scheduler(recurringQueue);
  const registered = new Set<string>();

  const watch = async (work: RecurringWork): Promise<void> => {
    const { name, every } = work;
    if (!registered.has(name)) {
      await recurringTasks(db).register(name, every);
      registered.add(name);
    }
    const schedule = { id: name, every: every * 1_000, payload: { name } };
    const isMade = await scheduler.keep(schedule).catch((err: unknown) => {
      log.warn({ err, work: name }, 'queue out of reach: recurring work goes on by the watchdog');
      return false;
    });
    if (isMade) log.info({ work: name }, 'scheduled');
    await occur(work, LATE);
  };
  const onError = (err: unknown, work?: string): void =>
    log.warn({ err, work }, 'the watchdog will look again');
  const watchAll = async (signal: AbortSignal): Promise<void> => {
    for (const work of works)
      if (!signal.aborted) await watch(work).catch((err: unknown) => onError(err, work.name));
  };

  const consumer = queues.consumer(
    recurringQueue,
    async ({ name }) => {
      const work = works.find((one) => one.name === name);
      if (work) await occur(work, EARLY);
    },
    { concurrency: 2, onFailure: (err) => log.warn({ err }, 'recurring work could not be taken in hand') },
  );
  const polling = keepPolling(watchAll, { interval: watchEvery, onError });
  polling.nudge();
  return async () => {
    await Promise.all([consumer.close(FINISH), polling.stop()]);
    await scheduler.close();
  };
};
