import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { keepPolling, within } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';
import { forgetDeliveries } from './forget.ts';
import { openLane, type Lane } from './lane.ts';
import { RETRIES, type RetrySchedule } from './retry-schedule.ts';
import type { SendEmail, Senders } from './sender.ts';
import { serveEmail } from './serve-email.ts';
import { serveWebhook } from './serve-webhook.ts';

export interface DeliveriesOptions {
  db: Database;
  senders: Senders;
  log: Logger;
  /** Told of every try. */
  onTried?: (isTaken: boolean) => void;
  schedule?: RetrySchedule;
  /** Seconds until another worker takes over from one that is gone: twice as long as a send may take. */
  lease?: number;
  /** Milliseconds between two looks. */
  interval?: number;
}

export interface Deliveries {
  /** There may be something new. */
  nudge: () => void;
  /** Forgets what is old. Returns how many deliveries. */
  forget: () => Promise<number>;
  /** Finishes what is in hand within so many milliseconds; what it has to break off is sent again, with the same id. */
  stop: (ms: number) => Promise<void>;
}

/** Webhooks that answer, webhooks that fail or are slow, emails: so many of each at once in a process. */
const AT_ONCE = { fast: 16, slow: 16, emails: 4 };
/** Milliseconds. */
const FORGET_EVERY = 5 * 60_000;

/**
 * Sends what was handed to delivery, until it is taken, at least once and with the same id. Any number of workers do this at
 * once; no connection to the database is held while one sends.
 */
export const openDeliveries = (options: DeliveriesOptions): Deliveries => {
  const { db, senders, log, onTried = () => undefined, schedule = RETRIES } = options;
  const { lease: seconds = 30, interval = 1_000 } = options;
  const lease = { worker: randomUUID(), seconds };
  const ending = new AbortController();
  // Everything in hand listens to it.
  setMaxListeners(0, ending.signal);
  let isStopping = false;
  const onError = (err: unknown): void => {
    if (!ending.signal.aborted) log.warn({ err }, 'delivering failed and will be tried again');
  };
  const serving = { schedule, onTried, signal: ending.signal, isStopping: () => isStopping };
  const inLane = { onMore: () => polling.nudge(), onError };

  const tellWebhook = serveWebhook(db, {
    ...serving,
    send: senders.webhook,
    lease,
    onDisabled: (webhook, reason) => log.warn({ webhook, reason }, 'a webhook was disabled'),
  });
  const webhookLane = (slow: boolean, size: number): Lane =>
    openLane({
      ...inLane,
      size,
      claim: (free) => webhooks(db).claim(lease, slow, free),
      work: tellWebhook,
    });
  const emailLane = (send: SendEmail): Lane =>
    openLane({
      ...inLane,
      size: AT_ONCE.emails,
      claim: (free) => deliveries(db).claimEmails(free, seconds),
      work: serveEmail(db, { ...serving, send }),
    });
  const lanes = [
    webhookLane(false, AT_ONCE.fast),
    webhookLane(true, AT_ONCE.slow),
    ...(senders.email ? [emailLane(senders.email)] : []),
  ];

  const fill = async (): Promise<void> => void (await Promise.all(lanes.map((lane) => lane.fill())));
  const forget = (): Promise<number> => forgetDeliveries(db, () => isStopping);
  const polling = keepPolling(fill, { interval, onError });
  const forgetting = keepPolling(forget, { interval: FORGET_EVERY, onError });

  return {
    nudge: () => polling.nudge(),
    forget,
    stop: async (ms) => {
      isStopping = true;
      const idle = (async () => {
        await Promise.all([polling.stop(), forgetting.stop()]);
        await Promise.all(lanes.map((lane) => lane.idle()));
      })();
      await within(ms, 'the deliveries in hand', idle).catch(() => ending.abort());
      await within(ms, 'breaking them off', idle).catch(() => undefined);
    },
  };
};
