import { circuit, forgetArrived, forwardings, openForwarding, type Forwarding } from '@oriontel/cdr/worker';
import type { Database } from '@oriontel/database';
import { askedGauge, counter, type Logger, type Metrics } from '@oriontel/service';
import type { SgapiConfig } from './config.ts';

export interface ForwardingService {
  /** Its own: however the receiver fares, the storing has its connections. */
  db: Database;
  log: Logger;
  metrics: Metrics;
  config: SgapiConfig;
}

const HOUR = 3_600_000;

/** Sends what was stored to the remote Service Gateway; nothing where none is set. */
export const serveForwarding = ({ db, log, metrics, config }: ForwardingService): Forwarding | undefined => {
  const { SGAPI_URL: url, SGAPI_SECRET: secret, FORWARD_CONCURRENCY: concurrency } = config;
  if (!url || !secret) return undefined;
  const arrived = counter(
    metrics,
    'oriontel_forwarded_total',
    'Batches that the remote Service Gateway took',
  );
  const failed = counter(
    metrics,
    'oriontel_forward_failures_total',
    'Tries that it did not answer as it should',
  );
  const dead = counter(metrics, 'oriontel_forward_dead_total', 'Batches that were given up');
  watchOutbox(db, metrics);

  const forwarding = openForwarding({
    ...{ db, url, secret, concurrency },
    onSent: (sent, { submissionId, batchId, requestId }) => {
      const { fate, ...why } = sent;
      const batch = { submissionId, batchId, requestId, ...why };
      if (fate === 'arrived') arrived.inc();
      if (fate === 'failed') failed.inc();
      if (fate === 'dead') dead.inc();
      if (fate === 'dead') log.error(batch, 'a batch could not be forwarded: it is a dead letter now');
      else if (fate === 'failed') log.warn(batch, 'a batch could not be forwarded and will be tried again');
      else log.debug({ ...batch, fate }, 'forwarding');
    },
    onError: (err) => log.warn({ err }, 'forwarding waits for the database'),
  });
  const stopForgetting = keepForgetting(db, log);
  log.info({ receiver: new URL(url).host, concurrency }, 'forwarding to the remote Service Gateway');
  return {
    nudge: forwarding.nudge,
    stop: async () => void (await Promise.all([stopForgetting(), forwarding.stop()])),
  };
};

/** Each up to 100,000. */
const watchOutbox = (db: Database, metrics: Metrics): void => {
  askedGauge(metrics, 'oriontel_forward_pending', 'Batches to be forwarded', async () => {
    return (await forwardings(db).counts(null)).pending;
  });
  askedGauge(
    metrics,
    'oriontel_forward_dead_letters',
    'Batches that were given up and lie there',
    async () => {
      return (await forwardings(db).counts(null)).dead;
    },
  );
  askedGauge(
    metrics,
    'oriontel_forward_circuit_open',
    '1 while the remote is not asked, else 0',
    async () => {
      return (await circuit(db).read()).state === 'closed' ? 0 : 1;
    },
  );
};

/** Returns how to stop. */
const keepForgetting = (db: Database, log: Logger): (() => Promise<void>) => {
  const stopping = new AbortController();
  const forget = () =>
    forgetArrived(db, stopping.signal).then(
      (forgotten) => forgotten > 0 && log.info({ forgotten }, 'forgot what was forwarded a week ago'),
      (err: unknown) => log.warn({ err }, 'what was forwarded could not be forgotten yet'),
    );
  let underWay = forget();
  const timer = setInterval(() => {
    underWay = forget();
  }, HOUR);
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await underWay;
  };
};
