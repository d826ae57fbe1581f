import type { Database } from '@oriontel/database';
import type { HttpServer } from '@oriontel/service';
import { deliveryRoutes } from './webhooks/delivery-routes.ts';
import { webhookRoutes } from './webhooks/webhook-routes.ts';

/** Webhooks of an organization and their deliveries. */
export async function notificationsRoutes(app: HttpServer, routes: { db: Database }): Promise<void> {
  await app.register(webhookRoutes, routes);
  await app.register(deliveryRoutes, routes);
}
