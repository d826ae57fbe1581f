import type { HttpServer } from '@oriontel/service';
import { entityRoutes, type EntityRoutes } from './entities/entity-routes.ts';
import { entityEventRoutes, type EntityEventRoutes } from './events/entity-event-routes.ts';
import { logRoutes, type LogRoutes } from './logs/log-routes.ts';

export type ActivityRoutes = EntityRoutes & LogRoutes & EntityEventRoutes;

/** Registers the routes of entities, their logs and their events. */
export async function activityRoutes(app: HttpServer, routes: ActivityRoutes): Promise<void> {
  await app.register(entityRoutes, routes);
  await app.register(logRoutes, routes);
  await app.register(entityEventRoutes, routes);
}
