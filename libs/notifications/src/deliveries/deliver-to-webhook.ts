import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { webhooks, type Lease, type ClaimedWebhook } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';
import type { OutgoingDelivery } from './delivery.ts';
import { retryDelaySeconds, type RetrySchedule } from './retry-schedule.ts';
import type { SendWebhook } from './sender.ts';
import { attemptDelivery } from './attempt-delivery.ts';

export interface DeliverToWebhookOptions {
  send: SendWebhook;
  lease: Lease;
  eventsQueue: string;
  schedule: RetrySchedule;
  onAttempt: (isTaken: boolean) => void;
  onDisabled: (webhookId: string, reason: string) => void;
  /** Nothing more is to be begun. */
  isStopping: () => boolean;
  /** What is in hand is to be broken off. */
  signal: AbortSignal;
}

/** Milliseconds that one webhook is served before others have their turn. */
const TURN_MS = 10_000;
/** Milliseconds; an answer that takes longer makes it a slow one. */
const SLOW_RESPONSE_MS = 2_000;
/** Milliseconds that an event waits for older ones of its organization to be stored, and between two looks. */
const PRECEDING_EVENT_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 100;

/**
 * Tells a webhook that this worker has claimed what waits for it, one after the other: a failure ends the turn, and what failed
 * stays the first. Returns whether there may be more.
 */
export function deliverToWebhook(db: Queryable, options: DeliverToWebhookOptions) {
  return async function deliverPendingToWebhook(id: string): Promise<boolean> {
    const { lease, eventsQueue, isStopping } = options;
    const end = performance.now() + TURN_MS;
    try {
      while (performance.now() < end && !isStopping()) {
        const webhook = await webhooks(db).renew(id, lease);
        if (!webhook) return false;
        const next = await deliveries(db).findNext(id, eventsQueue, oldestAwaitedPosition());
        if (!next) return false;
        if (next.held) await sleep(POLL_INTERVAL_MS);
        else if (!(await deliverNext(db, webhook, next, options))) return false;
      }
      return true;
    } finally {
      await webhooks(db).release(id, lease.worker);
    }
  };
}

/** Returns whether it was taken. */
async function deliverNext(
  db: Queryable,
  webhook: ClaimedWebhook,
  next: OutgoingDelivery,
  { send, schedule, signal, onAttempt, onDisabled }: DeliverToWebhookOptions,
): Promise<boolean> {
  const { outcome, durationMs } = await attemptDelivery(
    db,
    next,
    () => send(next, webhook, signal),
    ({ result }) => (result === 'taken' ? 'delivered' : 'pending'),
  );
  onAttempt(outcome.result === 'taken');
  if (outcome.result === 'taken') {
    await webhooks(db).recordSuccess(webhook, durationMs > SLOW_RESPONSE_MS);
    return true;
  }
  const reason = outcome.final
    ? outcome.detail
    : `It failed for ${formatDays(schedule.giveUpAfterSeconds)}. ${outcome.detail}`;
  const giveUp = outcome.final ? 0 : schedule.giveUpAfterSeconds;
  const delay = retryDelaySeconds(webhook.failures + 1, schedule);
  if (await webhooks(db).recordFailure(webhook, { delay, giveUp, reason })) onDisabled(webhook.id, reason);
  return false;
}

const formatDays = (seconds: number): string => `${Math.round(seconds / 86_400)} days`;

/** A UUIDv7 of that time. */
function oldestAwaitedPosition(): string {
  const ms = (Date.now() - PRECEDING_EVENT_TIMEOUT_MS).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-0000-0000-000000000000`;
}
