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

/** The source of the results of probes. */
const SOURCE = 'gateway-monitor';

/** Probes this process's share of all gateways and commits the results to the intake. */
export function startProbing({ db, queues, log, metrics, config }: ProbingOptions): Probing {
  const id = randomUUID();
  const intake = createIntake(db, resultsIntake, queues.producer(resultsIntake.queue), {
    graceSeconds: config.SWEEP_GRACE,
    onUndispatched(err, rows) {
      return log.warn({ err: err.message, rows }, 'queue unavailable; results wait for the sweeper');
    },
  });
  const accept = acceptResult(intake);
  const prober = createProber({ tlsVerify: config.PROBE_TLS_VERIFY === 'on' });

  const probes = createCounter(metrics, 'oriontel_probes_total', 'OPTIONS probes started');
  const lateness = createHistogram(
    metrics,
    'oriontel_probe_lateness_seconds',
    'Time from when a probe was due to its start',
  );
  const monitor = startMonitor(db, {
    id,
    prober,
    allowPrivate: config.PROBE_ALLOW_PRIVATE === 'on',
    record(gateway, { at, status, latencyMs, lossPercent, sipCode, error, reason }) {
      const measurement = { status, latencyMs, lossPercent, sipCode, jitterMs: null, source: SOURCE };
      const detail = error && `${error}: ${reason}`;
      return accept(gateway, { ...measurement, at: at.toISOString(), error: detail }, id);
    },
    onProbe(lateMs) {
      probes.inc();
      lateness.observe(lateMs / 1_000);
    },
    onError: (err) => log.warn({ err }, 'monitor failed; its gateways may not be probed until it recovers'),
  });
  createObservableGauge(metrics, 'oriontel_probed_gateways', 'Gateways probed by this process', async () =>
    monitor.size(),
  );
  log.info({ monitor: id }, 'probing started');

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
