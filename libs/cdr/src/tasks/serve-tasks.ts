import type { Database } from '@oriontel/database';
import type { Drain } from '@oriontel/intake';
import type { Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import { cleanupBite } from './cleanup-bite.ts';
import { munchQueue } from './munch-queue.ts';
import { openMuncher, type Muncher } from './open-muncher.ts';
import { openPace, type Pace } from './pace.ts';
import { processBite } from './process-bite.ts';
import { reprocessBite, type ReprocessDependencies } from './reprocess-bite.ts';

export interface TaskService extends ReprocessDependencies {
  db: Database;
  queues: Pick<Queues, 'consumer'>;
  log: Logger;
  /** How what a process task finds is stored. */
  drain: Drain;
  pace: Pace;
}

/** Milliseconds for the job in hand, which only wakes. */
const CLOSING = 1_000;

/** Works munch tasks off as they come, one at a time. */
export const serveTasks = ({ db, queues, log, drain, pace, ...dependencies }: TaskService): Muncher => {
  const muncher = openMuncher({
    db,
    log,
    rest: openPace(db, pace),
    bites: {
      process: processBite(db, drain),
      reprocess: reprocessBite(db, dependencies),
      cleanup: cleanupBite(db),
    },
  });
  const consumer = queues.consumer(munchQueue, async () => muncher.wake(), {
    concurrency: 1,
    onFailure: (err) => log.warn({ err }, 'a task could not be told of: the workers look by themselves'),
  });
  return {
    wake: muncher.wake,
    stop: async () => {
      await consumer.close(CLOSING);
      await muncher.stop();
    },
  };
};
