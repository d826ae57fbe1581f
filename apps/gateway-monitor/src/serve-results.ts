import { writeEntityEvents } from '@oriontel/activity';
import { intakeRows, serveIntakes, type ServeOptions, type RunningIntakes } from '@oriontel/intake';
import { createObservableGauge, createCounter, type Metrics } from '@oriontel/service';
import { createResultWorker } from '@oriontel/sip-gateways/worker';

/** Stores queued results, of probes and of reports. */
export function serveResults({ metrics, ...options }: ServeOptions & { metrics: Metrics }): RunningIntakes {
  const { db, log } = options;
  const stored = createCounter(
    metrics,
    'oriontel_gateway_results_total',
    'Stored results of probes and reports',
  );
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Accepted rows that are not stored yet', () =>
    intakeRows(db).count(),
  );
  const worker = createResultWorker({
    db,
    writeEvents: writeEntityEvents,
    onDrained: ({ rows }) => stored.inc(rows),
    onPoison: (err, row) => log.error({ err, ...row }, 'gateway result not stored'),
  });
  return serveIntakes([worker], options);
}
