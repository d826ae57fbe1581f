import type { HttpServer } from '@oriontel/service';
import { entityRoutes, type EntityRoutes } from './entities/entity-routes.ts';
import { entityEventRoutes, type EntityEventRoutes } from './events/entity-event-routes.ts';
import { logRoutes, type LogRoutes } from './logs/log-routes.ts';
import { deliveryRoutes } from './webhooks/delivery-routes.ts';
import { webhookRoutes } from './webhooks/webhook-routes.ts';

export type ActivityRoutes = EntityRoutes & LogRoutes & EntityEventRoutes;

/** Entities, what is logged of them and what happens to them, and who is told of it. */
export async function activityRoutes(app: HttpServer, routes: ActivityRoutes): Promise<void> {
  await app.register(entityRoutes, routes);
  await app.register(logRoutes, routes);
  await app.register(entityEventRoutes, routes);
  await app.register(webhookRoutes, routes);
  await app.register(deliveryRoutes, routes);
}
