import type { HttpServer } from '@oriontel/service';
import { entityRoutes, type EntityRoutes } from './entities/entity-routes.ts';
import { logRoutes, type LogRoutes } from './logs/log-routes.ts';

export type ActivityRoutes = EntityRoutes & LogRoutes;

/** Entities, and what is logged of them. */
export const activityRoutes = async (app: HttpServer, routes: ActivityRoutes): Promise<void> => {
  await app.register(entityRoutes, routes);
  await app.register(logRoutes, routes);
};
