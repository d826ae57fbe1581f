import type { Notify } from '@oriontel/activity';
import {
  intakeRows,
  serveIntakes,
  type DrainOptions,
  type ServeOptions,
  type RunningIntakes,
} from '@oriontel/intake';
import { createObservableGauge, createCounter, type Metrics } from '@oriontel/service';
import { servedQueues } from './served-queues.ts';

export interface ServeEventsOptions extends ServeOptions {
  metrics: Metrics;
  notify: Notify;
  /** Called after rows were stored: events may have new deliveries. */
  onStored?: () => void;
}

/** Consumes the queues of audit events, entity events and logs, and sweeps their intake. */
export function serveEvents({ metrics, notify, onStored, ...options }: ServeEventsOptions): RunningIntakes {
  const { db, log } = options;
  const stored = createCounter(metrics, 'oriontel_events_total', 'Intake rows stored or quarantined');
  const quarantined = createCounter(metrics, 'oriontel_quarantined_total', 'Intake rows moved to quarantine');
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Intake rows not stored yet', () =>
    intakeRows(db).count(),
  );
  const drainOptions: DrainOptions = {
    onDrained(drained) {
      stored.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      log.debug(drained, 'intake rows stored');
      onStored?.();
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'storing an intake row failed'),
  };
  return serveIntakes(servedQueues(db, drainOptions, notify), options);
}
