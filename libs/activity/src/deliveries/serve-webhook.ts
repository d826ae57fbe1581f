import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { entityEventsIntake } from '../events/entity-events-intake.ts';
import { webhooks, type Lease, type ServedWebhook } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';
import type { Outgoing } from './delivery.ts';
import { delayAfter, type RetrySchedule } from './retry-schedule.ts';
import type { SendWebhook } from './sender.ts';
import { tryDelivery } from './try-delivery.ts';

export interface ServeWebhookOptions {
  send: SendWebhook;
  lease: Lease;
  schedule: RetrySchedule;
  onTried: (isTaken: boolean) => void;
  onDisabled: (webhookId: string, reason: string) => void;
  /** Nothing more is to be begun. */
  isStopping: () => boolean;
  /** What is in hand is to be broken off. */
  signal: AbortSignal;
}

/** Milliseconds that one webhook is served before others have their turn. */
const TURN = 10_000;
/** Milliseconds; an answer that takes longer makes it a slow one. */
const SLOW = 2_000;
/** Milliseconds that an event waits for older ones of its organization to be stored, and between two looks. */
const PATIENCE = 30_000;
const LOOK = 100;

/**
 * Tells a webhook that this worker has claimed what waits for it, one after the other: a failure ends the turn, and what failed
 * stays the first. Returns whether there may be more.
 */
export const serveWebhook =
  (db: Queryable, options: ServeWebhookOptions) =>
  async (id: string): Promise<boolean> => {
    const { lease, isStopping } = options;
    const end = performance.now() + TURN;
    try {
      while (performance.now() < end && !isStopping()) {
        const webhook = await webhooks(db).renew(id, lease);
        if (!webhook) return false;
        const next = await deliveries(db).head(id, entityEventsIntake.queue.name, oldestWaitedFor());
        if (!next) return false;
        if (next.held) await sleep(LOOK);
        else if (!(await tell(db, webhook, next, options))) return false;
      }
      return true;
    } finally {
      await webhooks(db).release(id, lease.worker);
    }
  };

/** Returns whether it was taken. */
const tell = async (
  db: Queryable,
  webhook: ServedWebhook,
  next: Outgoing,
  { send, schedule, signal, onTried, onDisabled }: ServeWebhookOptions,
): Promise<boolean> => {
  const { outcome, durationMs } = await tryDelivery(
    db,
    next,
    () => send(next, webhook, signal),
    ({ result }) => (result === 'taken' ? 'delivered' : 'pending'),
  );
  onTried(outcome.result === 'taken');
  if (outcome.result === 'taken') {
    await webhooks(db).succeeded(webhook, durationMs > SLOW);
    return true;
  }
  const reason = outcome.final ? outcome.detail : `It failed for ${days(schedule.giveUp)}. ${outcome.detail}`;
  const giveUp = outcome.final ? 0 : schedule.giveUp;
  const delay = delayAfter(webhook.failures + 1, schedule);
  if (await webhooks(db).failed(webhook, { delay, giveUp, reason })) onDisabled(webhook.id, reason);
  return false;
};

const days = (seconds: number): string => `${Math.round(seconds / 86_400)} days`;

/** A UUIDv7 of that time. */
const oldestWaitedFor = (): string => {
  const ms = (Date.now() - PATIENCE).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-0000-0000-000000000000`;
};
