import type { Database } from '@oriontel/database';
import { createLogger } from '@oriontel/service';
import {
  startDeliveryWorker,
  type DeliveryWorker,
  type DeliveryWorkerOptions,
} from '../deliveries/start-delivery-worker.ts';
import { createWebhookSender } from '../webhooks/create-webhook-sender.ts';

/** Retries soon, and never gives up during a test. */
export const FAST_SCHEDULE = {
  firstDelaySeconds: 0.05,
  maxDelaySeconds: 0.2,
  giveUpAfterSeconds: 3_600,
  giveUpEmailAfterSeconds: 3_600,
};

/** Intake queue that deliveries wait for in tests. */
export const TEST_EVENTS_QUEUE = 'entity-events';

/**
 * A delivery worker that retries soon. It calls receivers on this machine, unless `allowPrivate` is false.
 */
export function startTestDeliveryWorker(
  db: Database,
  { allowPrivate = true, ...options }: Partial<DeliveryWorkerOptions> & { allowPrivate?: boolean } = {},
): DeliveryWorker {
  return startDeliveryWorker({
    db,
    senders: { webhook: createWebhookSender({ allowPrivate, timeoutMs: 10_000 }).send },
    eventsQueue: TEST_EVENTS_QUEUE,
    log: createLogger('test', 'silent'),
    schedule: FAST_SCHEDULE,
    intervalMs: 50,
    ...options,
  });
}
