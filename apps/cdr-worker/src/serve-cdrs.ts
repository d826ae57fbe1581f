import { registerEntities } from '@oriontel/activity';
import { cdrIntake } from '@oriontel/cdr';
import { openCdrDrain } from '@oriontel/cdr/worker';
import { remember } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import { intakeRows, keepSweeping, mergeDrains } from '@oriontel/intake';
import { closeCalls } from '@oriontel/pbx';
import type { Consumer, Queues } from '@oriontel/queues';
import { askedGauge, counter, type Logger, type Metrics } from '@oriontel/service';

export interface CdrService {
  db: Database;
  queues: Queues;
  log: Logger;
  metrics: Metrics;
  /** Transactions at once. */
  concurrency: number;
  defaultRegion: string;
  /** Seconds an accepted row may stay before it is dispatched again. */
  sweepGrace: number;
}

/** Jobs taken for each transaction, to be drained together where they are small. */
const JOBS_TO_MERGE = 8;

/** Milliseconds between two looks for rows that their queue forgot. */
const SWEEP_INTERVAL = 2_000;

/** Milliseconds after which a changed region counts. */
const REGION_BELIEVED = 5_000;

/** Serves the CDR queue and sweeps the intake behind it. */
export const serveCdrs = (service: CdrService): { consumer: Consumer; stopSweeping: () => Promise<void> } => {
  const { db, queues, log, metrics, concurrency, defaultRegion, sweepGrace } = service;
  const submissions = counter(metrics, 'oriontel_submissions_total', 'Requests whose CDRs were seen to');
  const quarantined = counter(metrics, 'oriontel_quarantined_total', 'CDRs that went to quarantine');
  askedGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () => intakeRows(db).count());
  const regionOf = remember(REGION_BELIEVED, async (id: string): Promise<[number, string]> => {
    const orgId = Number(id);
    return [orgId, (await organizations(db).regions([orgId])).get(orgId) ?? defaultRegion];
  });
  const drain = openCdrDrain({
    db,
    regionsOf: async (orgIds) => new Map(await Promise.all(orgIds.map((id) => regionOf(String(id))))),
    registerEntities: registerEntities(),
    closeCalls,
    onDrained: (drained) => {
      submissions.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      log.debug(drained, 'CDRs stored');
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'a submission could not be stored'),
  });

  const consumer = queues.consumer(cdrIntake.queue, mergeDrains(drain, concurrency), {
    concurrency: concurrency * JOBS_TO_MERGE,
    onFailure: (err, job) => log.warn({ err, job }, 'a job failed and will be tried again'),
  });
  const swept = [{ name: cdrIntake.queue.name, producer: queues.producer(cdrIntake.queue), drain }];
  const sweeping = keepSweeping(db, swept, {
    interval: SWEEP_INTERVAL,
    grace: sweepGrace,
    onSwept: (rows, queue) => log.info({ rows, queue }, 'dispatched again what stayed in the intake'),
    onError: (err) => log.warn({ err }, 'the sweep failed and will be tried again'),
  });
  return { consumer, stopSweeping: sweeping.stop };
};
