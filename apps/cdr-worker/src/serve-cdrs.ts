import { createEntityRegistrar } from '@oriontel/activity';
import { cdrIntake } from '@oriontel/cdr';
import {
  cdrTasks,
  createCdrWorker,
  enqueueForwardings,
  type Forwarder,
  type Pace,
  type TaskRunner,
} from '@oriontel/cdr/worker';
import { memoize } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import { intakeRows, serveIntakes, type RunningIntakes, type ServeOptions } from '@oriontel/intake';
import { closeCalls } from '@oriontel/pbx';
import { createCounter, createObservableGauge, type Metrics } from '@oriontel/service';

export interface ServeCdrsOptions extends ServeOptions {
  metrics: Metrics;
  /** For organizations without a region of their own. */
  defaultRegion: string;
  /** How long munch tasks rest between chunks. */
  pace: Pace;
  /** Omitted: nothing is forwarded. */
  forwarding?: Pick<Forwarder, 'wake'> | undefined;
}

/** A changed region takes effect after this time. */
const REGION_CACHE_MS = 5_000;

/** Consumes the CDR queue, sweeps its intake and runs munch tasks. */
export function serveCdrs({
  metrics,
  defaultRegion,
  forwarding,
  pace,
  ...options
}: ServeCdrsOptions): RunningIntakes & { taskRunner: TaskRunner } {
  const { db, queues, log } = options;
  const countDrained = registerMetrics(db, metrics);
  const { drain, startTasks } = createCdrWorker({
    db,
    regionsOf: createRegionCache(db, defaultRegion),
    registerEntities: createEntityRegistrar(),
    closeCalls,
    forward: forwarding && enqueueForwardings,
    onDrained(drained) {
      countDrained(drained);
      forwarding?.wake();
      log.debug(drained, 'CDRs stored');
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'storing a submission failed'),
  });
  const serving = serveIntakes([{ queue: cdrIntake.queue, drain }], options);
  return { ...serving, taskRunner: startTasks({ queues, log, pace }) };
}

function createRegionCache(db: Database, defaultRegion: string) {
  const regionOf = memoize(REGION_CACHE_MS, async (id: string): Promise<[number, string]> => {
    const orgId = Number(id);
    return [orgId, (await organizations(db).findRegions([orgId])).get(orgId) ?? defaultRegion];
  });
  return async function regionsOf(orgIds: number[]): Promise<Map<number, string>> {
    return new Map(await Promise.all(orgIds.map((id) => regionOf(String(id)))));
  };
}

/** Returns how to count what was drained. */
function registerMetrics(db: Database, metrics: Metrics) {
  const submissions = createCounter(metrics, 'oriontel_submissions_total', 'Submissions processed');
  const quarantined = createCounter(metrics, 'oriontel_quarantined_total', 'CDRs moved to quarantine');
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () =>
    intakeRows(db).count(),
  );
  createObservableGauge(metrics, 'oriontel_munch_tasks', 'Munch tasks queued or running', () =>
    cdrTasks(db).countOpen(),
  );
  return function countDrained(drained: { rows: number; quarantined: number }): void {
    submissions.inc(drained.rows);
    quarantined.inc(drained.quarantined);
  };
}
