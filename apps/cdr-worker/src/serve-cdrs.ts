import { registerEntities } from '@oriontel/activity';
import { cdrIntake } from '@oriontel/cdr';
import { openCdrDrain } from '@oriontel/cdr/worker';
import { remember } from '@oriontel/contracts';
import { organizations } from '@oriontel/identity';
import { intakeRows, serveIntakes, type ServeOptions, type Serving } from '@oriontel/intake';
import { closeCalls } from '@oriontel/pbx';
import { askedGauge, counter, type Metrics } from '@oriontel/service';

export interface CdrService extends ServeOptions {
  metrics: Metrics;
  defaultRegion: string;
}

/** Milliseconds after which a changed region counts. */
const REGION_BELIEVED = 5_000;

/** Serves the CDR queue and sweeps the intake behind it. */
export const serveCdrs = ({ metrics, defaultRegion, ...options }: CdrService): Serving => {
  const { db, log } = options;
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

  return serveIntakes([{ queue: cdrIntake.queue, drain }], options);
};
