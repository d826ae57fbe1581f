import { writeEntityEvents } from '@oriontel/activity';
import { intakeRows, serveIntakes, type ServeOptions, type Serving } from '@oriontel/intake';
import { askedGauge, counter, type Metrics } from '@oriontel/service';
import { resultsIntake } from '@oriontel/sip-gateways';
import { openResultDrain } from '@oriontel/sip-gateways/worker';

/** Stands where a client's request would, in the events that the results bring about. */
const REQUEST = 'gateway-monitor';

/** Serves the queue of results, those of our own probes and those that others report. */
export const serveResults = ({ metrics, ...options }: ServeOptions & { metrics: Metrics }): Serving => {
  const { db, log } = options;
  const stored = counter(metrics, 'oriontel_gateway_results_total', 'Probes and reports that were stored');
  askedGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () => intakeRows(db).count());
  const drain = openResultDrain({
    db,
    writeEvents: (tx, events) => writeEntityEvents(tx, events, REQUEST),
    onDrained: ({ rows }) => stored.inc(rows),
    onPoison: (err, row) => log.error({ err, ...row }, 'a result could not be stored'),
  });
  return serveIntakes([{ queue: resultsIntake.queue, drain }], options);
};
