import {
  forwardings,
  pruneDelivered,
  sgapiCircuit,
  startSgapiForwarder,
  type Forwarder,
} from '@oriontel/cdr/worker';
import { startPoller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { createCounter, createObservableGauge, type Logger, type Metrics } from '@oriontel/service';
import type { SgapiConfig } from './config.ts';

export interface ForwardingServiceOptions {
  /** A pool of its own: a slow receiver takes no connections from storing. */
  db: Database;
  log: Logger;
  metrics: Metrics;
  config: SgapiConfig;
}

const PRUNE_INTERVAL_MS = 3_600_000;

/**
 * Sends stored batches to the remote Service Gateway until it is stopped; undefined if none is configured.
 */
export function startForwardingService({
  db,
  log,
  metrics,
  config,
}: ForwardingServiceOptions): Forwarder | undefined {
  const { SGAPI_URL: url, SGAPI_SECRET: secret, FORWARD_CONCURRENCY: concurrency } = config;
  if (!url || !secret) return undefined;
  registerOutboxMetrics(db, metrics);
  const forwarder = startSgapiForwarder({
    db,
    url,
    secret,
    concurrency,
    onSent: createSendRecorder(log, metrics),
    onError: (err) => log.warn({ err }, 'forwarding failed: database unavailable'),
  });
  const stopPruner = startForwardingPruner(db, log);
  log.info({ receiver: new URL(url).host, concurrency }, 'forwarding to the remote Service Gateway');
  return {
    wake: forwarder.wake,
    async stop() {
      await Promise.all([stopPruner(), forwarder.stop()]);
    },
  };
}

/** Counts and logs the outcome of each attempt. */
function createSendRecorder(log: Logger, metrics: Metrics) {
  const delivered = createCounter(
    metrics,
    'oriontel_forwarded_total',
    'Batches delivered to the remote Service Gateway',
  );
  const failed = createCounter(
    metrics,
    'oriontel_forward_failures_total',
    'Attempts to deliver a batch that failed and will be retried',
  );
  const dead = createCounter(metrics, 'oriontel_forward_dead_total', 'Batches that became dead letters');
  const recordSent: Parameters<typeof startSgapiForwarder>[0]['onSent'] = (sent, batch) => {
    const { submissionId, batchId, requestId } = batch;
    const fields = { submissionId, batchId, requestId, ...sent };
    if (sent.outcome === 'dead') {
      dead.inc();
      return log.error(fields, 'forwarding failed; the batch is a dead letter');
    }
    if (sent.outcome === 'failed') {
      failed.inc();
      return log.warn(fields, 'forwarding failed and will be retried');
    }
    if (sent.outcome === 'delivered') delivered.inc();
    log.debug(fields, 'batch forwarded');
  };
  return recordSent;
}

/** Each gauge counts up to 100,000. */
function registerOutboxMetrics(db: Database, metrics: Metrics): void {
  createObservableGauge(metrics, 'oriontel_forward_pending', 'Batches to forward', async () => {
    return (await forwardings(db).counts(null)).pending;
  });
  createObservableGauge(metrics, 'oriontel_forward_dead_letters', 'Dead letters', async () => {
    return (await forwardings(db).counts(null)).dead;
  });
  createObservableGauge(
    metrics,
    'oriontel_forward_circuit_open',
    '1 while the circuit is open or half-open, else 0',
    async () => {
      return (await sgapiCircuit(db).read()).state === 'closed' ? 0 : 1;
    },
  );
}

/** Returns a function that stops after the running chunk. */
function startForwardingPruner(db: Database, log: Logger): () => Promise<void> {
  async function prune(signal: AbortSignal): Promise<void> {
    const deleted = await pruneDelivered(db, signal);
    if (deleted > 0) log.info({ deleted }, 'delivered forwardings deleted');
  }
  const poller = startPoller(prune, {
    intervalMs: PRUNE_INTERVAL_MS,
    onError: (err) => log.warn({ err }, 'deleting delivered forwardings failed and will be retried'),
  });
  poller.wake();
  return poller.stop;
}
