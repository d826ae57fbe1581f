import { deliveries } from '@oriontel/activity';
import {
  openDeliveries,
  openWebhookSender,
  type Deliveries,
  type SendEmail,
} from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { askedGauge, counter, type Logger, type Metrics } from '@oriontel/service';

export interface DeliveryService {
  db: Database;
  log: Logger;
  metrics: Metrics;
  /** Webhooks may lead to private addresses. */
  allowPrivate: boolean;
  /** Absent: no emails are sent. */
  email: SendEmail | undefined;
}

/** Sends what was handed to delivery, and counts it. */
export const serveDeliveries = ({ db, log, metrics, allowPrivate, email }: DeliveryService): Deliveries => {
  const delivered = counter(metrics, 'oriontel_deliveries_total', 'Notifications that were taken');
  const failed = counter(metrics, 'oriontel_delivery_failures_total', 'Tries at which one was not taken');
  askedGauge(metrics, 'oriontel_deliveries_pending', 'Notifications that wait to be taken', () =>
    deliveries(db).countPending(),
  );
  const webhook = openWebhookSender({ allowPrivate });
  const engine = openDeliveries({
    db,
    log,
    senders: { webhook: webhook.send, email },
    onTried: (isTaken) => (isTaken ? delivered : failed).inc(),
  });
  const stop = async (ms: number): Promise<void> => {
    await engine.stop(ms);
    webhook.close();
  };
  return { ...engine, stop };
};
