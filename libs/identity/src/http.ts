import type { HttpServer } from '@oriontel/service';
import { apiKeyRoutes } from './api-keys/api-key-routes.ts';
import { organizationRoutes } from './organizations/organization-routes.ts';
import { sessionRoutes, type SessionRoutes } from './sessions/session-routes.ts';
import { userRoutes } from './users/user-routes.ts';

export type IdentityRoutes = SessionRoutes;

/** Routes of sessions, users, organizations and API keys. */
export async function identityRoutes(app: HttpServer, routes: IdentityRoutes): Promise<void> {
  await app.register(sessionRoutes, routes);
  await app.register(userRoutes, routes);
  await app.register(organizationRoutes, routes);
  await app.register(apiKeyRoutes, routes);
}
