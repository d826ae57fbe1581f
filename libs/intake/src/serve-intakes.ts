import type { Database } from '@oriontel/database';
import type { Consumer, Queues } from '@oriontel/queues';
import type { Logger } from '@oriontel/service';
import type { IntakeKind } from './define-intake.ts';
import type { Drain } from './drain.ts';
import { mergeDrains } from './merge-drains.ts';
import { keepSweeping } from './sweep.ts';

/** An intake queue, and what is done with the pointers that it brings. */
export interface ServedIntake {
  queue: IntakeKind<unknown>['queue'];
  drain: Drain;
}

export interface ServeOptions {
  db: Database;
  queues: Queues;
  log: Logger;
  /** Transactions at once, for each queue. */
  concurrency: number;
  /** Seconds an accepted row may stay before it is dispatched again. */
  sweepGrace: number;
}

export interface Serving {
  /** Of every queue. */
  isRunning: () => boolean;
  /** The consumers end with their queues. */
  stopSweeping: () => Promise<void>;
}

/** Jobs taken for each transaction, to be drained together where they are small. */
const JOBS_TO_MERGE = 8;

/** Milliseconds between two looks for rows that their queue forgot. */
const SWEEP_INTERVAL = 2_000;

/** What a worker does: consumes its queues, and sweeps the intake behind them. */
export const serveIntakes = (served: ServedIntake[], options: ServeOptions): Serving => {
  const { db, queues, log, concurrency, sweepGrace } = options;
  const consumers: Consumer[] = served.map(({ queue, drain }) =>
    queues.consumer(queue, mergeDrains(drain, concurrency), {
      concurrency: concurrency * JOBS_TO_MERGE,
      onFailure: (err, job) => log.warn({ err, job }, 'a job failed and will be tried again'),
    }),
  );
  const swept = served.map(({ queue, drain }) => ({
    name: queue.name,
    producer: queues.producer(queue),
    drain,
  }));
  const sweeping = keepSweeping(db, swept, {
    interval: SWEEP_INTERVAL,
    grace: sweepGrace,
    onSwept: (rows, queue) => log.info({ rows, queue }, 'dispatched again what stayed in the intake'),
    onError: (err) => log.warn({ err }, 'the sweep failed and will be tried again'),
  });
  return {
    isRunning: () => consumers.every((consumer) => consumer.isRunning()),
    stopSweeping: sweeping.stop,
  };
};
