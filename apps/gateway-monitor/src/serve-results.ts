import { writeEntityEvents } from '@oriontel/activity';
import { intakeRows, serveIntakes, type ServeOptions, type RunningIntakes } from '@oriontel/intake';
import { createObservableGauge, createCounter, type Metrics } from '@oriontel/service';
import { resultsIntake } from '@oriontel/sip-gateways';
import { createResultDrain } from '@oriontel/sip-gateways/worker';

/** Stands where a client's request would, in the events that the results bring about. */
const REQUEST_ID = 'gateway-monitor';

/** Serves the queue of results, those of our own probes and those that others report. */
export function serveResults({ metrics, ...options }: ServeOptions & { metrics: Metrics }): RunningIntakes {
  const { db, log } = options;
  const stored = createCounter(
    metrics,
    'oriontel_gateway_results_total',
    'Probes and reports that were stored',
  );
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () =>
    intakeRows(db).count(),
  );
  const drain = createResultDrain({
    db,
    writeEvents: (tx, events) => writeEntityEvents(tx, events, REQUEST_ID),
    onDrained: ({ rows }) => stored.inc(rows),
    onPoison: (err, row) => log.error({ err, ...row }, 'a result could not be stored'),
  });
  return serveIntakes([{ queue: resultsIntake.queue, drain }], options);
}
