import type { Database } from '@oriontel/database';
import { createObservableGauge, createCounter, type Logger, type Metrics } from '@oriontel/service';
import { deliveries } from './deliveries/delivery.repository.ts';
import {
  startDeliveryWorker,
  type DeliveryWorker,
  type DeliveryWorkerOptions,
} from './deliveries/start-delivery-worker.ts';
import { createEmailSender, type EmailSenderOptions } from './notifier/create-email-sender.ts';
import { createWebhookSender } from './webhooks/create-webhook-sender.ts';

export interface DeliveryServiceOptions extends Pick<
  DeliveryWorkerOptions,
  'eventsQueue' | 'schedule' | 'intervalMs'
> {
  db: Database;
  log: Logger;
  metrics: Metrics;
  /** Whether webhooks may have private addresses. */
  allowPrivate: boolean;
  /** Without it no emails are sent. */
  mailServer?: Pick<EmailSenderOptions, 'url' | 'from'> | undefined;
}

export interface DeliveryService extends DeliveryWorker {
  /** Channels that are configured. */
  channels: { email: boolean };
}

/** Sends pending deliveries to webhooks and through the mail server, and counts them. */
export function startDeliveryService(options: DeliveryServiceOptions): DeliveryService {
  const { db, log, metrics, allowPrivate, mailServer, ...rest } = options;
  if (!mailServer) log.info('no mail server: emails of notifier rules are not sent');
  const webhook = createWebhookSender({ allowPrivate });
  const email = mailServer && createEmailSender(mailServer);
  const worker = startDeliveryWorker({
    db,
    log,
    senders: { webhook: webhook.send, email: email?.send },
    onAttempt: countAttempts(db, metrics),
    ...rest,
  });

  async function stop(timeoutMs: number): Promise<void> {
    await worker.stop(timeoutMs);
    webhook.close();
    email?.close();
  }

  return { ...worker, stop, channels: { email: email !== undefined } };
}

function countAttempts(db: Database, metrics: Metrics): (isDelivered: boolean) => void {
  const delivered = createCounter(metrics, 'oriontel_deliveries_total', 'Delivered notifications');
  const failed = createCounter(metrics, 'oriontel_delivery_failures_total', 'Failed delivery attempts');
  createObservableGauge(metrics, 'oriontel_deliveries_pending', 'Pending notifications', () =>
    deliveries(db).countPending(),
  );
  return function countAttempt(isDelivered) {
    (isDelivered ? delivered : failed).inc();
  };
}
