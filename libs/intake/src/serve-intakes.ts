import type { Database } from '@oriontel/database';
import type { Consumer, Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import type { IntakeDefinition } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { mergeDrains } from './merge-drains.ts';
import { startSweeper } from './sweep.ts';

/** An intake queue, and what is done with the pointers that it brings. */
export interface ServedIntake {
  queue: IntakeDefinition<unknown>['queue'];
  drain: Drain;
}

export interface ServeOptions {
  db: Database;
  queues: Queues;
  log: Logger;
  /** Transactions at once, for each queue. */
  concurrency: number;
  /** Seconds an accepted row may stay before it is dispatched again. */
  sweepGraceSeconds: number;
}

export interface RunningIntakes {
  /** Of every queue. */
  isRunning: () => boolean;
  /** The consumers end with their queues. */
  stopSweeper: () => Promise<void>;
}

/** Jobs taken for each transaction, to be drained together where they are small. */
const JOBS_PER_TRANSACTION = 8;

/** Milliseconds between two looks for rows that their queue forgot. */
const SWEEP_INTERVAL_MS = 2_000;

/** What a worker does: consumes its queues, and sweeps the intake behind them. */
export function serveIntakes(served: ServedIntake[], options: ServeOptions): RunningIntakes {
  const { db, queues, log, concurrency, sweepGraceSeconds } = options;
  const consumers: Consumer[] = served.map(({ queue, drain }) =>
    queues.consumer(queue, mergeDrains(drain, concurrency), {
      concurrency: concurrency * JOBS_PER_TRANSACTION,
      onFailure: (err, job) => log.warn({ err, job }, 'a job failed and will be tried again'),
    }),
  );
  const swept = served.map(({ queue, drain }) => ({
    name: queue.name,
    producer: queues.producer(queue),
    drain,
  }));
  const sweeping = startSweeper(db, swept, {
    interval: SWEEP_INTERVAL_MS,
    graceSeconds: sweepGraceSeconds,
    onSwept: (rows, queue) => log.info({ rows, queue }, 'dispatched again what stayed in the intake'),
    onError: (err) => log.warn({ err }, 'the sweep failed and will be tried again'),
  });
  return {
    isRunning: () => consumers.every((consumer) => consumer.isRunning()),
    stopSweeper: sweeping.stop,
  };
}
