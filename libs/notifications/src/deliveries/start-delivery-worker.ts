import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { startPoller, withTimeout } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';
import { pruneDeliveries } from './prune-deliveries.ts';
import { createLane, type Lane } from './create-lane.ts';
import { DEFAULT_RETRY_SCHEDULE, type RetrySchedule } from './retry-schedule.ts';
import type { SendEmail, Senders } from './sender.ts';
import { deliverEmail } from './deliver-email.ts';
import { deliverToWebhook } from './deliver-to-webhook.ts';

export interface DeliveryWorkerOptions {
  db: Database;
  senders: Senders;
  /** Intake queue of the events: a delivery waits for older events of its organization that are still in it. */
  eventsQueue: string;
  log: Logger;
  /** Told of every try. */
  onAttempt?: (isTaken: boolean) => void;
  schedule?: RetrySchedule;
  /** Seconds until another worker takes over from one that is gone: twice as long as a send may take. */
  leaseSeconds?: number;
  /** Milliseconds between two looks. */
  intervalMs?: number;
}

export interface DeliveryWorker {
  /** There may be something new. */
  wake: () => void;
  /** Forgets what is old. Returns how many deliveries. */
  prune: () => Promise<number>;
  /** Finishes what is in hand within so many milliseconds; what it has to break off is sent again, with the same id. */
  stop: (ms: number) => Promise<void>;
}

/** Webhooks that answer, webhooks that fail or are slow, emails: so many of each at once in a process. */
const MAX_CONCURRENT = { fast: 16, slow: 16, emails: 4 };
/** Milliseconds. */
const PRUNE_INTERVAL_MS = 5 * 60_000;

/**
 * Sends what was handed to delivery, until it is taken, at least once and with the same id. Any number of workers do this at
 * once; no connection to the database is held while one sends.
 */
export function startDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const { db, senders, log, onAttempt = () => undefined, schedule = DEFAULT_RETRY_SCHEDULE } = options;
  const { eventsQueue, leaseSeconds: seconds = 30, intervalMs = 1_000 } = options;
  const lease = { worker: randomUUID(), seconds };
  const ending = new AbortController();
  // Everything in hand listens to it.
  setMaxListeners(0, ending.signal);
  let isStopping = false;
  function onError(err: unknown): void {
    if (!ending.signal.aborted) log.warn({ err }, 'delivering failed and will be tried again');
  }
  const serving = { schedule, onAttempt, signal: ending.signal, isStopping: () => isStopping };
  const inLane = { onMore: () => polling.wake(), onError };

  const tellWebhook = deliverToWebhook(db, {
    ...serving,
    send: senders.webhook,
    lease,
    eventsQueue,
    onDisabled: (webhook, reason) => log.warn({ webhook, reason }, 'a webhook was disabled'),
  });
  function webhookLane(slow: boolean, size: number): Lane {
    return createLane({
      ...inLane,
      size,
      claim: (free) => webhooks(db).claim(lease, slow, free),
      work: tellWebhook,
    });
  }
  function emailLane(send: SendEmail): Lane {
    return createLane({
      ...inLane,
      size: MAX_CONCURRENT.emails,
      claim: (free) => deliveries(db).claimEmails(free, seconds),
      work: deliverEmail(db, { ...serving, send }),
    });
  }
  const lanes = [
    webhookLane(false, MAX_CONCURRENT.fast),
    webhookLane(true, MAX_CONCURRENT.slow),
    ...(senders.email ? [emailLane(senders.email)] : []),
  ];

  const fill = async (): Promise<void> => void (await Promise.all(lanes.map((lane) => lane.fill())));
  const forget = (): Promise<number> => pruneDeliveries(db, () => isStopping);
  const polling = startPoller(fill, { intervalMs, onError });
  const forgetting = startPoller(forget, { intervalMs: PRUNE_INTERVAL_MS, onError });

  return {
    wake: () => polling.wake(),
    prune: forget,
    async stop(ms) {
      isStopping = true;
      const idle = (async () => {
        await Promise.all([polling.stop(), forgetting.stop()]);
        await Promise.all(lanes.map((lane) => lane.idle()));
      })();
      await withTimeout(ms, 'the deliveries in hand', idle).catch(() => ending.abort());
      await withTimeout(ms, 'breaking them off', idle).catch(() => undefined);
    },
  };
}
