import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { startPoller, withTimeout } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { createLane, type Lane } from './create-lane.ts';
import { deliverEmail } from './deliver-email.ts';
import { deliverToWebhook } from './deliver-to-webhook.ts';
import { deliveries } from './delivery.repository.ts';
import { DELIVERY_SCHEDULE, type DeliverySchedule } from './delivery-schedule.ts';
import { pruneDeliveries } from './prune-deliveries.ts';
import type { SendEmail, Senders } from './sender.ts';

export interface DeliveryWorkerOptions {
  db: Database;
  senders: Senders;
  /**
   * Intake queue of the events: a delivery waits for older events of its organization that are still in it.
   */
  eventsQueue: string;
  log: Logger;
  /** Called after each attempt. */
  onAttempt?: (isDelivered: boolean) => void;
  schedule?: DeliverySchedule;
  /**
   * Time until another worker takes over from one that has died; twice what a request may take. @default 30
   */
  leaseSeconds?: number;
  /** Polling interval. @default 1000 */
  intervalMs?: number;
}

export interface DeliveryWorker {
  /** Call when there are new deliveries. */
  wake: () => void;
  /** Deletes old deliveries. Returns their number. */
  prune: () => Promise<number>;
  /**
   * Waits up to `timeoutMs` for requests in flight, then aborts them: they are sent again with the same id.
   */
  stop: (timeoutMs: number) => Promise<void>;
}

/** Per process: webhooks that respond fast, webhooks that fail or are slow, and emails. */
const MAX_CONCURRENT = { fast: 16, slow: 16, emails: 4 };
const PRUNE_INTERVAL_MS = 5 * 60_000;

/**
 * Sends pending deliveries until they are delivered: at least once, with the same id. Any number of workers
 * may run; no database connection is held during a request.
 */
export function startDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const {
    db,
    senders,
    eventsQueue,
    log,
    onAttempt = () => undefined,
    schedule = DELIVERY_SCHEDULE,
  } = options;
  const { leaseSeconds = 30, intervalMs = 1_000 } = options;
  const lease = { worker: randomUUID(), seconds: leaseSeconds };
  const aborting = new AbortController();
  const { signal } = aborting;
  // Each request in flight adds a listener.
  setMaxListeners(0, signal);
  let isStopping = false;
  /** Of both lanes: a webhook may change its lane while it is in flight. */
  const webhooksInFlight = new Set<string>();

  function onError(err: unknown): void {
    if (!signal.aborted) log.warn({ err }, 'delivery failed; it will be retried');
  }

  const lanes = [
    createWebhookLane({ slow: false, size: MAX_CONCURRENT.fast }),
    createWebhookLane({ slow: true, size: MAX_CONCURRENT.slow }),
    ...(senders.email ? [createEmailLane(senders.email)] : []),
  ];
  const poller = startPoller(fillLanes, { intervalMs, onError });
  const pruner = startPoller(prune, { intervalMs: PRUNE_INTERVAL_MS, onError });

  function createWebhookLane({ slow, size }: { slow: boolean; size: number }): Lane {
    const deliverTo = deliverToWebhook(db, {
      send: senders.webhook,
      lease,
      eventsQueue,
      schedule,
      onAttempt,
      onDisabled: (webhookId, reason) => log.warn({ webhookId, reason }, 'webhook disabled'),
      isStopping: () => isStopping,
      signal,
    });
    return createLane({
      size,
      claim: (limit) => webhooks(db).claim(lease, { slow, inFlight: [...webhooksInFlight], limit }),
      work(id) {
        webhooksInFlight.add(id);
        return deliverTo(id).finally(() => webhooksInFlight.delete(id));
      },
      onMore: wake,
      onError,
    });
  }

  function createEmailLane(send: SendEmail): Lane {
    return createLane({
      size: MAX_CONCURRENT.emails,
      claim: (limit) => deliveries(db).claimEmails(limit, leaseSeconds),
      work: deliverEmail(db, { send, schedule, onAttempt, signal }),
      onMore: wake,
      onError,
    });
  }

  async function fillLanes(): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.fill()));
  }

  function prune(): Promise<number> {
    return pruneDeliveries(db, () => isStopping);
  }

  function wake(): void {
    poller.wake();
  }

  async function finish(): Promise<void> {
    await Promise.all([poller.stop(), pruner.stop()]);
    await Promise.all(lanes.map((lane) => lane.idle()));
  }

  async function stop(timeoutMs: number): Promise<void> {
    isStopping = true;
    const finished = finish();
    await withTimeout(timeoutMs, 'deliveries in flight', finished).catch(() => aborting.abort());
    await withTimeout(timeoutMs, 'aborting deliveries', finished).catch(() => undefined);
  }

  return { wake, prune, stop };
}
