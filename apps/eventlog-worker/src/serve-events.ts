import type { Notify } from '@oriontel/activity';
import {
  intakeRows,
  serveIntakes,
  type DrainOptions,
  type ServeOptions,
  type Serving,
} from '@oriontel/intake';
import { askedGauge, counter, type Metrics } from '@oriontel/service';
import { servedQueues } from './served-queues.ts';

export interface EventService extends ServeOptions {
  metrics: Metrics;
  notify: Notify;
  /** Something was stored that may be told of. */
  onStored?: () => void;
}

/** Serves the queues of events and sweeps the intake behind them. */
export const serveEvents = ({ metrics, notify, onStored, ...options }: EventService): Serving => {
  const { db, log } = options;
  const stored = counter(metrics, 'oriontel_events_total', 'Accepted requests that were seen to');
  const quarantined = counter(metrics, 'oriontel_quarantined_total', 'Events that went to quarantine');
  askedGauge(metrics, 'oriontel_intake_rows', 'Accepted and not stored yet', () => intakeRows(db).count());
  const told: DrainOptions = {
    onDrained: (drained) => {
      stored.inc(drained.rows);
      quarantined.inc(drained.quarantined);
      log.debug(drained, 'events stored');
      onStored?.();
    },
    onPoison: (err, row) => log.error({ err, ...row }, 'an event could not be stored'),
  };
  return serveIntakes(servedQueues(db, told, { notify }), options);
};
