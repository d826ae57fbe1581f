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
  /** Something was stored that may be told of. */
  onStored?: () => void;
}

/** Serves the queues of events and sweeps the intake behind them. */
export function serveEvents({ metrics, notify, onStored, ...options }: ServeEventsOptions): RunningIntakes {
  const { db, log } = options;
  const stored = createCounter(metrics, 'oriontel_events_total', 'Accepted requests that were seen to');
  const quarantined = createCounter(metrics, 'oriontel_quarantined_total', 'Events that went to quarantine');
  createObservableGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () =>
    intakeRows(db).count(),
  );
  const told: DrainOptions = {
    onDrained(drained) {
      stored.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      log.debug(drained, 'events stored');
      onStored?.();
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'an event could not be stored'),
  };
  return serveIntakes(servedQueues(db, told, { notify }), options);
}
