import { registerEntities } from '@oriontel/activity';
import { cdrIntake } from '@oriontel/cdr';
import {
  munchTasks,
  noteForwardings,
  openCdrDrain,
  serveTasks,
  type Forwarding,
  type Muncher,
  type Pace,
} from '@oriontel/cdr/worker';
import { remember } from '@oriontel/contracts';
import { organizations } from '@oriontel/identity';
import { intakeRows, serveIntakes, type ServeOptions, type Serving } from '@oriontel/intake';
import { closeCalls } from '@oriontel/pbx';
import { askedGauge, counter, type Metrics } from '@oriontel/service';

export interface CdrService extends ServeOptions {
  metrics: Metrics;
  defaultRegion: string;
  /** How much munch tasks rest. */
  pace: Pace;
  /** Who sends what was stored on; absent where nobody does. */
  forwarding?: Pick<Forwarding, 'nudge'> | undefined;
}

/** Milliseconds after which a changed region counts. */
const REGION_BELIEVED = 5_000;

/** Serves the CDR queue, sweeps the intake behind it and works munch tasks off. */
export const serveCdrs = ({
  metrics,
  defaultRegion,
  forwarding,
  pace,
  ...options
}: CdrService): Serving & { muncher: Muncher } => {
  const { db, queues, log } = options;
  const submissions = counter(metrics, 'oriontel_submissions_total', 'Requests whose CDRs were seen to');
  const quarantined = counter(metrics, 'oriontel_quarantined_total', 'CDRs that went to quarantine');
  askedGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () => intakeRows(db).count());
  askedGauge(metrics, 'oriontel_munch_tasks', 'Tasks that wait or are in hand', () =>
    munchTasks(db).countOpen(),
  );
  const regionOf = remember(REGION_BELIEVED, async (id: string): Promise<[number, string]> => {
    const orgId = Number(id);
    return [orgId, (await organizations(db).regions([orgId])).get(orgId) ?? defaultRegion];
  });
  const dependencies = {
    regionsOf: async (orgIds: number[]) =>
      new Map(await Promise.all(orgIds.map((id) => regionOf(String(id))))),
    registerEntities: registerEntities(),
  };
  const drain = openCdrDrain({
    db,
    ...dependencies,
    closeCalls,
    forward: forwarding && noteForwardings,
    onDrained: (drained) => {
      submissions.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      forwarding?.nudge();
      log.debug(drained, 'CDRs stored');
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'a submission could not be stored'),
  });

  const serving = serveIntakes([{ queue: cdrIntake.queue, drain }], options);
  return { ...serving, muncher: serveTasks({ db, queues, log, drain, pace, ...dependencies }) };
};
