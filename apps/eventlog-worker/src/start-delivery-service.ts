import { entityEventsIntake } from '@oriontel/activity';
import { deliveries } from '@oriontel/notifications';
import {
  startDeliveryWorker,
  createWebhookSender,
  type DeliveryWorker,
  type SendEmail,
} from '@oriontel/notifications/worker';
import type { Database } from '@oriontel/database';
import { createObservableGauge, createCounter, type Logger, type Metrics } from '@oriontel/service';

export interface DeliveryServiceOptions {
  db: Database;
  log: Logger;
  metrics: Metrics;
  /** Webhooks may lead to private addresses. */
  allowPrivate: boolean;
  /** Absent: no emails are sent. */
  email: SendEmail | undefined;
}

/** Sends what was handed to delivery, and counts it. */
export function startDeliveryService({
  db,
  log,
  metrics,
  allowPrivate,
  email,
}: DeliveryServiceOptions): DeliveryWorker {
  const delivered = createCounter(metrics, 'oriontel_deliveries_total', 'Notifications that were taken');
  const failed = createCounter(
    metrics,
    'oriontel_delivery_failures_total',
    'Tries at which one was not taken',
  );
  createObservableGauge(metrics, 'oriontel_deliveries_pending', 'Notifications that wait to be taken', () =>
    deliveries(db).countPending(),
  );
  const webhook = createWebhookSender({ allowPrivate });
  const engine = startDeliveryWorker({
    db,
    log,
    senders: { webhook: webhook.send, email },
    eventsQueue: entityEventsIntake.queue.name,
    onAttempt: (isTaken) => (isTaken ? delivered : failed).inc(),
  });
  async function stop(ms: number): Promise<void> {
    await engine.stop(ms);
    webhook.close();
  }
  return { ...engine, stop };
}
