import {
  circuit,
  pruneDelivered,
  forwardings,
  startSgapiForwarder,
  type Forwarder,
} from '@oriontel/cdr/worker';
import type { Database } from '@oriontel/database';
import { createObservableGauge, createCounter, type Logger, type Metrics } from '@oriontel/service';
import type { SgapiConfig } from './config.ts';

export interface ForwardingServiceOptions {
  /** Its own: however the receiver fares, the storing has its connections. */
  db: Database;
  log: Logger;
  metrics: Metrics;
  config: SgapiConfig;
}

const PRUNE_INTERVAL_MS = 3_600_000;

/** Sends what was stored to the remote Service Gateway; nothing where none is set. */
export function startForwardingService({
  db,
  log,
  metrics,
  config,
}: ForwardingServiceOptions): Forwarder | undefined {
  const { SGAPI_URL: url, SGAPI_SECRET: secret, FORWARD_CONCURRENCY: concurrency } = config;
  if (!url || !secret) return undefined;
  const arrived = createCounter(
    metrics,
    'oriontel_forwarded_total',
    'Batches that the remote Service Gateway took',
  );
  const failed = createCounter(
    metrics,
    'oriontel_forward_failures_total',
    'Tries that it did not answer as it should',
  );
  const dead = createCounter(metrics, 'oriontel_forward_dead_total', 'Batches that were given up');
  registerOutboxMetrics(db, metrics);

  const forwarding = startSgapiForwarder({
    ...{ db, url, secret, concurrency },
    onSent(sent, { submissionId, batchId, requestId }) {
      const { outcome, ...why } = sent;
      const batch = { submissionId, batchId, requestId, ...why };
      if (outcome === 'delivered') arrived.inc();
      if (outcome === 'failed') failed.inc();
      if (outcome === 'dead') dead.inc();
      if (outcome === 'dead') log.error(batch, 'a batch could not be forwarded: it is a dead letter now');
      else if (outcome === 'failed')
        log.warn(batch, 'a batch could not be forwarded and will be tried again');
      else log.debug({ ...batch, outcome }, 'forwarding');
    },
    onError: (err) => log.warn({ err }, 'forwarding waits for the database'),
  });
  const stopForgetting = startForwardingPruner(db, log);
  log.info({ receiver: new URL(url).host, concurrency }, 'forwarding to the remote Service Gateway');
  return {
    wake: forwarding.wake,
    stop: async () => void (await Promise.all([stopForgetting(), forwarding.stop()])),
  };
}

/** Each up to 100,000. */
function registerOutboxMetrics(db: Database, metrics: Metrics): void {
  createObservableGauge(metrics, 'oriontel_forward_pending', 'Batches to be forwarded', async () => {
    return (await forwardings(db).counts(null)).pending;
  });
  createObservableGauge(
    metrics,
    'oriontel_forward_dead_letters',
    'Batches that were given up and lie there',
    async () => {
      return (await forwardings(db).counts(null)).dead;
    },
  );
  createObservableGauge(
    metrics,
    'oriontel_forward_circuit_open',
    '1 while the remote is not asked, else 0',
    async () => {
      return (await circuit(db).read()).state === 'closed' ? 0 : 1;
    },
  );
}

/** Returns how to stop. */
function startForwardingPruner(db: Database, log: Logger): () => Promise<void> {
  const stopping = new AbortController();
  function forget() {
    return pruneDelivered(db, stopping.signal).then(
      (forgotten) => forgotten > 0 && log.info({ forgotten }, 'forgot what was forwarded a week ago'),
      (err: unknown) => log.warn({ err }, 'what was forwarded could not be forgotten yet'),
    );
  }
  let underWay = forget();
  const timer = setInterval(() => {
    underWay = forget();
  }, PRUNE_INTERVAL_MS);
  return async function stopForwardingPruner() {
    clearInterval(timer);
    stopping.abort();
    await underWay;
  };
}
