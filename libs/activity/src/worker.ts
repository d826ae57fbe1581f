import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { entityEventsIntake } from './events/entity-events-intake.ts';
import { storeEntityEvents, type Notify } from './events/store-entity-events.ts';
import { logsIntake } from './logs/logs-intake.ts';
import { storeLogs } from './logs/store-logs.ts';

export {
  startDeliveryWorker,
  type DeliveryWorker,
  type DeliveryWorkerOptions,
} from './deliveries/start-delivery-worker.ts';
export type { OutgoingDelivery } from './deliveries/delivery.ts';
export type { Outcome, SendEmail, Senders } from './deliveries/sender.ts';
export { createWebhookSender, type WebhookSender } from './webhooks/create-webhook-sender.ts';
export { createWebhookDeliveries, findSmsWebhooks } from './webhooks/create-webhook-deliveries.ts';

export { createEmailSender, type EmailSender } from './notifier/create-email-sender.ts';
export { createNotifier, type NotifierOptions } from './notifier/create-notifier.ts';

/** Stores the parts of log imports that the pointers it is handed lead to. */
export function createLogDrain({ db, ...told }: { db: Database } & DrainOptions): Drain {
  return createDrain(db, logsIntake, storeLogs, told);
}

/** Stores the events of entities that the pointers it is handed lead to, and has told of them by `notify`. */
export function createEntityEventDrain({
  db,
  notify,
  ...told
}: { db: Database; notify: Notify } & DrainOptions): Drain {
  return createDrain(db, entityEventsIntake, storeEntityEvents(notify), told);
}
