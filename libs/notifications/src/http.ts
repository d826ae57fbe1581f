import type { HttpServer } from '@oriontel/service';
import { deliveryRoutes } from './webhooks/delivery-routes.ts';
import { webhookRoutes, type WebhookRoutes } from './webhooks/webhook-routes.ts';

export type NotificationsRoutes = WebhookRoutes;

/** Webhooks of an organization and their deliveries. */
export async function notificationsRoutes(app: HttpServer, routes: NotificationsRoutes): Promise<void> {
  await app.register(webhookRoutes, routes);
  await app.register(deliveryRoutes, routes);
}
