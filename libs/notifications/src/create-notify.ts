import { createNotifier, type NotifierOptions } from './notifier/create-notifier.ts';
import type { Notify } from './notifiable-event.ts';
import { createWebhookDeliveries } from './webhooks/create-webhook-deliveries.ts';

/** Creates the deliveries of events: to the webhooks that subscribe to them, then by notifier rules. */
export function createNotify(options: NotifierOptions): Notify {
  const notifyByRules = createNotifier(options);
  return async function notify(tx, events) {
    await createWebhookDeliveries(tx, events);
    await notifyByRules(tx, events);
  };
}
