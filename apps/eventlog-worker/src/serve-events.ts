import type { Database } from '@oriontel/database';
import { intakeRows, keepSweeping, mergeDrains } from '@oriontel/intake';
import type { Consumer, Queues } from '@oriontel/queues';
import { askedGauge, counter, type Logger, type Metrics } from '@oriontel/service';
import { servedQueues } from './served-queues.ts';

export interface EventService {
  db: Database;
  queues: Queues;
  log: Logger;
  metrics: Metrics;
  /** Transactions at once, for each queue. */
  concurrency: number;
  /** Seconds an accepted row may stay before it is dispatched again. */
  sweepGrace: number;
}

/** Jobs taken for each transaction, to be drained together where they are small. */
const JOBS_TO_MERGE = 8;

/** Milliseconds between two looks for rows that their queue forgot. */
const SWEEP_INTERVAL = 2_000;

/** Serves the queues of events and sweeps the intake behind them. */
export const serveEvents = (
  service: EventService,
): { consumers: Consumer[]; stopSweeping: () => Promise<void> } => {
  const { db, queues, log, metrics, concurrency, sweepGrace } = service;
  const stored = counter(metrics, 'oriontel_events_total', 'Accepted requests that were seen to');
  const quarantined = counter(metrics, 'oriontel_quarantined_total', 'Events that went to quarantine');
  askedGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () => intakeRows(db).count());
  const served = servedQueues(db, {
    onDrained: (drained) => {
      stored.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      log.debug(drained, 'events stored');
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'an event could not be stored'),
  });

  const consumers = served.map(({ queue, drain }) =>
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
  return { consumers, stopSweeping: sweeping.stop };
};
