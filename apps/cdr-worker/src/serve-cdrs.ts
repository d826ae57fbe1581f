import { createEntityRegistrar } from '@oriontel/activity';
import { cdrIntake } from '@oriontel/cdr';
import {
  cdrTasks,
  enqueueForwardings,
  createCdrDrain,
  serveTasks,
  type Forwarder,
  type TaskRunner,
  type Pace,
} from '@oriontel/cdr/worker';
import { memoize } from '@oriontel/contracts';
import { organizations } from '@oriontel/identity';
import { intakeRows, serveIntakes, type ServeOptions, type RunningIntakes } from '@oriontel/intake';
import { closeCalls } from '@oriontel/pbx';
import { createObservableGauge, createCounter, type Metrics } from '@oriontel/service';

export interface ServeCdrsOptions extends ServeOptions {
  metrics: Metrics;
  defaultRegion: string;
  /** How much munch tasks rest. */
  pace: Pace;
  /** Who sends what was stored on; absent where nobody does. */
  forwarding?: Pick<Forwarder, 'wake'> | undefined;
}

/** Milliseconds after which a changed region counts. */
const REGION_CACHE_MS = 5_000;

/** Serves the CDR queue, sweeps the intake behind it and works munch tasks off. */
export function serveCdrs({
  metrics,
  defaultRegion,
  forwarding,
  pace,
  ...options
}: ServeCdrsOptions): RunningIntakes & { taskRunner: TaskRunner } {
  const { db, queues, log } = options;
  const submissions = createCounter(
    metrics,
    'oriontel_submissions_total',
    'Requests whose CDRs were seen to',
  );
  const quarantined = createCounter(metrics, 'oriontel_quarantined_total', 'CDRs that went to quarantine');
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () =>
    intakeRows(db).count(),
  );
  createObservableGauge(metrics, 'oriontel_munch_tasks', 'Tasks that wait or are in hand', () =>
    cdrTasks(db).countOpen(),
  );
  const regionOf = memoize(REGION_CACHE_MS, async (id: string): Promise<[number, string]> => {
    const orgId = Number(id);
    return [orgId, (await organizations(db).findRegions([orgId])).get(orgId) ?? defaultRegion];
  });
  const dependencies = {
    async regionsOf(orgIds: number[]) {
      return new Map(await Promise.all(orgIds.map((id) => regionOf(String(id)))));
    },
    registerEntities: createEntityRegistrar(),
  };
  const drain = createCdrDrain({
    db,
    ...dependencies,
    closeCalls,
    forward: forwarding && enqueueForwardings,
    onDrained(drained) {
      submissions.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      forwarding?.wake();
      log.debug(drained, 'CDRs stored');
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'a submission could not be stored'),
  });

  const serving = serveIntakes([{ queue: cdrIntake.queue, drain }], options);
  return { ...serving, taskRunner: serveTasks({ db, queues, log, drain, pace, ...dependencies }) };
}
