export {
  startDeliveryWorker,
  type DeliveryWorker,
  type DeliveryWorkerOptions,
} from './deliveries/start-delivery-worker.ts';
export type { Outcome, SendEmail, Senders } from './deliveries/sender.ts';
export { createWebhookSender, type WebhookSender } from './webhooks/create-webhook-sender.ts';
export { createWebhookDeliveries, findSmsWebhooks } from './webhooks/create-webhook-deliveries.ts';
export { createEmailSender, type EmailSender } from './notifier/create-email-sender.ts';
export { createNotifier, type NotifierOptions } from './notifier/create-notifier.ts';
