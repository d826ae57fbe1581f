import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { retryDelaySeconds } from '@oriontel/outbound';
import { webhooks, type Lease, type ClaimedWebhook } from '../webhooks/webhook.repository.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { deliveries } from './delivery.repository.ts';
import type { DeliverySchedule } from './delivery-schedule.ts';
import type { OutgoingDelivery } from './delivery.ts';
import type { SendWebhook } from './sender.ts';

export interface DeliverToWebhookOptions {
  send: SendWebhook;
  lease: Lease;
  /**
   * Intake queue of the events: a delivery waits for older events of its organization that are still in it.
   */
  eventsQueue: string;
  schedule: DeliverySchedule;
  onAttempt: (isDelivered: boolean) => void;
  onDisabled: (webhookId: string, reason: string) => void;
  /** Whether no further delivery may be started. */
  isStopping: () => boolean;
  /** Aborts the request in flight. */
  signal: AbortSignal;
}

/** Time for one webhook before others get their turn. */
const TURN_MS = 10_000;
/** A response that takes longer moves the webhook to the slow lane. */
const SLOW_RESPONSE_MS = 2_000;
/** Longest wait for older events of the organization that are not stored yet. */
const PRECEDING_EVENT_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 100;

/**
 * Sends the pending deliveries of a webhook that this worker has claimed, one after the other. A failure ends
 * the turn, and the failed delivery stays the next one. Returns whether there may be more to send at once.
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
        if (next.isHeld) await sleep(POLL_INTERVAL_MS);
        else if (!(await deliverNext(db, webhook, next, options))) return false;
      }
      return true;
    } finally {
      await webhooks(db).release(id, lease.worker);
    }
  };
}

/** Returns whether it was delivered. */
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
    ({ result }) => (result === 'delivered' ? 'delivered' : 'pending'),
  );
  onAttempt(outcome.result === 'delivered');
  if (outcome.result === 'delivered') {
    await webhooks(db).recordSuccess(webhook, durationMs > SLOW_RESPONSE_MS);
    return true;
  }
  const { isPermanent, detail } = outcome;
  const reason = isPermanent ? detail : `Failed for ${formatDays(schedule.giveUpAfterSeconds)}. ${detail}`;
  const failure = {
    delaySeconds: retryDelaySeconds(schedule, webhook.failures + 1),
    giveUpAfterSeconds: isPermanent ? 0 : schedule.giveUpAfterSeconds,
    reason,
  };
  if (await webhooks(db).recordFailure(webhook, failure)) onDisabled(webhook.id, reason);
  return false;
}

function formatDays(seconds: number): string {
  return `${Math.round(seconds / 86_400)} days`;
}

/** The lowest UUIDv7 of the oldest time that is waited for. */
function oldestAwaitedPosition(): string {
  const ms = (Date.now() - PRECEDING_EVENT_TIMEOUT_MS).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-0000-0000-000000000000`;
}
