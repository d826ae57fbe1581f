import { randomUUID } from 'node:crypto';
import type { Database } from '@oriontel/database';
import { createIntake } from '@oriontel/intake';
import type { Queues } from '@oriontel/queues';
import {
  createObservableGauge,
  createCounter,
  createHistogram,
  type Logger,
  type Metrics,
} from '@oriontel/service';
import { acceptResult, resultsIntake } from '@oriontel/sip-gateways';
import { startMonitor, createProber } from '@oriontel/sip-gateways/worker';
import type { MonitorConfig } from './config.ts';

export interface ProbingOptions {
  db: Database;
  queues: Queues;
  log: Logger;
  metrics: Metrics;
  config: Pick<MonitorConfig, 'PROBE_ALLOW_PRIVATE' | 'PROBE_TLS_VERIFY' | 'SWEEP_GRACE'>;
}

export interface Probing {
  ready: Promise<void>;
  isLeaseValid: () => boolean;
  stop: () => Promise<void>;
}

/** Who measured, in the results of our own probes. */
const SOURCE = 'gateway-monitor';

/** Probes this process's share of all gateways; what comes of it goes the road of all writes. */
export function startProbing({ db, queues, log, metrics, config }: ProbingOptions): Probing {
  const id = randomUUID();
  const intake = createIntake(db, resultsIntake, queues.producer(resultsIntake.queue), {
    graceSeconds: config.SWEEP_GRACE,
    onUndispatched(err, rows) {
      return log.warn({ err: err.message, rows }, 'queue out of reach: results wait for the sweeper');
    },
  });
  const accept = acceptResult(intake);
  const prober = createProber({ tlsVerify: config.PROBE_TLS_VERIFY === 'on' });

  const probes = createCounter(metrics, 'oriontel_probes_total', 'OPTIONS probes that were begun');
  const late = createHistogram(
    metrics,
    'oriontel_probe_lateness_seconds',
    'From when a probe was due to when it was begun',
  );
  const monitor = startMonitor(db, {
    id,
    prober,
    allowPrivate: config.PROBE_ALLOW_PRIVATE === 'on',
    record(gateway, { at, status, latencyMs, lossPercent, sipCode, error, reason }) {
      const measured = { status, latencyMs, lossPercent, sipCode, jitterMs: null, source: SOURCE };
      const said = error && `${error}: ${reason}`;
      return accept(gateway, { ...measured, at: at.toISOString(), error: said }, id);
    },
    onProbe(milliseconds) {
      probes.inc();
      late.observe(milliseconds / 1_000);
    },
    onError: (err) => log.warn({ err }, 'the gateways of this monitor may go unprobed for a while'),
  });
  createObservableGauge(metrics, 'oriontel_probed_gateways', 'Gateways that this process probes', async () =>
    monitor.size(),
  );
  log.info({ monitor: id }, 'probing');

  return {
    ready: monitor.ready,
    isLeaseValid: monitor.isLeaseValid,
    async stop() {
      await monitor.stop();
      await prober.close();
      await intake.close();
    },
  };
}
