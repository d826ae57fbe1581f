import type { Database } from '@oriontel/database';
import type { Drain } from '@oriontel/intake';
import type { Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import type { LegDependencies } from '../calls/leg-dependencies.ts';
import { cleanupChunk } from './cleanup-chunk.ts';
import { cdrTaskQueue } from './cdr-task-queue.ts';
import { createTaskThrottle, type Pace } from './create-task-throttle.ts';
import { processChunk, type RedriveDeadLetters } from './process-chunk.ts';
import { reprocessChunk } from './reprocess-chunk.ts';
import { startTaskRunner, type TaskRunner } from './start-task-runner.ts';

export interface TaskServiceOptions extends LegDependencies {
  db: Database;
  queues: Pick<Queues, 'consumer'>;
  log: Logger;
  /** Stores the intake rows that a process task finds. */
  drain: Drain;
  redriveDeadLetters: RedriveDeadLetters;
  pace: Pace;
}

/** A job only wakes the runner. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Runs munch tasks, one at a time, until it is stopped. */
export function serveTasks({
  db,
  queues,
  log,
  drain,
  redriveDeadLetters,
  pace,
  ...dependencies
}: TaskServiceOptions): TaskRunner {
  const runner = startTaskRunner({
    db,
    log,
    rest: createTaskThrottle(db, pace),
    runChunk: {
      process: processChunk(db, drain, redriveDeadLetters),
      reprocess: reprocessChunk(db, dependencies),
      cleanup: cleanupChunk(db),
    },
  });
  const consumer = queues.consumer(cdrTaskQueue, async () => runner.wake(), {
    concurrency: 1,
    onFailure: (err) => log.warn({ err }, 'task wake-up failed; workers will poll'),
  });
  return {
    wake: runner.wake,
    async stop() {
      await consumer.close(CLOSE_TIMEOUT_MS);
      await runner.stop();
    },
  };
}
