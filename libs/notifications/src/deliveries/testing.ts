import type { Database } from '@oriontel/database';
import { createLogger } from '@oriontel/service';
import { v7 as uuidv7 } from 'uuid';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { createWebhookSender } from '../webhooks/create-webhook-sender.ts';
import { createWebhookDeliveries } from '../webhooks/create-webhook-deliveries.ts';
import { generateSecret } from '../webhooks/webhook-secret.ts';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { startDeliveryWorker, type DeliveryWorkerOptions } from './start-delivery-worker.ts';

/** Tries again soon, and never gives up while a test lasts. */
export const FAST_RETRY_SCHEDULE = {
  firstDelaySeconds: 0.05,
  maxDelaySeconds: 0.2,
  giveUpAfterSeconds: 3_600,
  giveUpEmailAfterSeconds: 3_600,
};

/** Intake queue of events that deliveries wait for in tests. */
export const TEST_EVENTS_QUEUE = 'entity-events';

/** A worker's deliveries, to receivers of this machine; to none of them where it `isGuarded`. */
export function startTestDeliveryWorker(
  db: Database,
  { isGuarded = false, ...more }: Partial<DeliveryWorkerOptions> & { isGuarded?: boolean } = {},
) {
  return startDeliveryWorker({
    db,
    senders: { webhook: createWebhookSender({ allowPrivate: !isGuarded, timeoutMs: 10_000 }).send },
    log: createLogger('test', 'silent'),
    eventsQueue: TEST_EVENTS_QUEUE,
    schedule: FAST_RETRY_SCHEDULE,
    intervalMs: 50,
    ...more,
  });
}

export const SECRET = generateSecret();

/** A webhook for everything that happens to an organization; returns its id. */
export async function addWebhook(
  db: Database,
  url: string,
  more: Partial<Parameters<ReturnType<typeof webhooks>['create']>[0]> = {},
): Promise<string> {
  const rest = { eventTypes: ['*'], enabled: true, description: null, secret: SECRET, ...more };
  const row = { id: uuidv7(), orgId: 1, url, ...rest };
  const made = await db.$transaction((tx) => webhooks(tx).create(row, 1_000));
  return made!.id;
}

let count = 0;

export function buildEvent(more: Partial<NotifiableEvent> = {}): NotifiableEvent {
  return {
    id: `evt-20240115-${(count += 1)}`,
    orgId: 1,
    entity: 'device/dev-001',
    type: 'registration',
    data: { ip: '192.0.2.7' },
    at: '2024-01-15T10:30:00Z',
    position: uuidv7(),
    ...more,
  };
}

/** So many events, handed to the webhooks that want them; returns their ids in order. */
export async function createTestDeliveries(
  db: Database,
  many: number,
  more: Partial<NotifiableEvent> = {},
): Promise<string[]> {
  const events = Array.from({ length: many }, () => buildEvent(more));
  await db.$transaction((tx) => createWebhookDeliveries(tx, events));
  return events.map(({ id }) => id);
}
