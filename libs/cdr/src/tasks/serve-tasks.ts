import type { Database } from '@oriontel/database';
import type { Drain } from '@oriontel/intake';
import type { Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import { cleanupChunk } from './cleanup-chunk.ts';
import { cdrTaskQueue } from './cdr-task-queue.ts';
import { startTaskRunner, type TaskRunner } from './start-task-runner.ts';
import { createTaskThrottle, type Pace } from './create-task-throttle.ts';
import { processChunk } from './process-chunk.ts';
import { reprocessChunk, type ReprocessDependencies } from './reprocess-chunk.ts';

export interface TaskServiceOptions extends ReprocessDependencies {
  db: Database;
  queues: Pick<Queues, 'consumer'>;
  log: Logger;
  /** How what a process task finds is stored. */
  drain: Drain;
  pace: Pace;
}

/** Milliseconds for the job in hand, which only wakes. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Works munch tasks off as they come, one at a time. */
export function serveTasks({
  db,
  queues,
  log,
  drain,
  pace,
  ...dependencies
}: TaskServiceOptions): TaskRunner {
  const muncher = startTaskRunner({
    db,
    log,
    rest: createTaskThrottle(db, pace),
    runChunk: {
      process: processChunk(db, drain),
      reprocess: reprocessChunk(db, dependencies),
      cleanup: cleanupChunk(db),
    },
  });
  const consumer = queues.consumer(cdrTaskQueue, async () => muncher.wake(), {
    concurrency: 1,
    onFailure: (err) => log.warn({ err }, 'a task could not be told of: the workers look by themselves'),
  });
  return {
    wake: muncher.wake,
    async stop() {
      await consumer.close(CLOSE_TIMEOUT_MS);
      await muncher.stop();
    },
  };
}
