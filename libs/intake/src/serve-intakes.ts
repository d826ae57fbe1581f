import type { Database } from '@oriontel/database';
import type { Consumer, Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import type { IntakeDefinition } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { mergeDrains } from './merge-drains.ts';
import { startSweeper } from './sweep.ts';

/** An intake queue and its handler. */
export interface ServedIntake {
  queue: IntakeDefinition<unknown>['queue'];
  drain: Drain;
}

export interface ServeOptions {
  db: Database;
  queues: Queues;
  log: Logger;
  /** Concurrent transactions per queue. */
  concurrency: number;
  /** Seconds until a row that is still in the intake is dispatched again. */
  sweepGraceSeconds: number;
}

export interface RunningIntakes {
  /** Whether every consumer is running. */
  isRunning: () => boolean;
  /** Stops the sweeper; the consumers stop when their queues are closed. */
  stopSweeper: () => Promise<void>;
}

/** Jobs fetched per transaction; small ones are drained together, so drains grow with the backlog. */
const JOBS_PER_TRANSACTION = 50;

const SWEEP_INTERVAL_MS = 2_000;

/** Starts one consumer per intake queue and one sweeper for all of them. */
export function serveIntakes(served: ServedIntake[], options: ServeOptions): RunningIntakes {
  const { db, queues, log, concurrency, sweepGraceSeconds } = options;
  const consumers: Consumer[] = served.map(({ queue, drain }) =>
    queues.consumer(queue, mergeDrains(drain, concurrency), {
      concurrency: concurrency * JOBS_PER_TRANSACTION,
      onFailure: (err, job) => log.warn({ err, job, queue: queue.name }, 'job failed, will be retried'),
    }),
  );
  const swept = served.map(({ queue, drain }) => ({
    name: queue.name,
    producer: queues.producer(queue),
    drain,
  }));
  const sweeper = startSweeper(db, swept, {
    intervalMs: SWEEP_INTERVAL_MS,
    graceSeconds: sweepGraceSeconds,
    onSwept: (rows, queue) => log.info({ rows, queue }, 'overdue intake rows dispatched again'),
    onError: (err) => log.warn({ err }, 'sweep failed, will be retried'),
  });
  return {
    isRunning: () => consumers.every((consumer) => consumer.isRunning()),
    stopSweeper: sweeper.stop,
  };
}
