import createRouter, { type HTTPMethod } from 'find-my-way';
import type { HttpServer } from './http-server.ts';
import type { FailureCode } from '@oriontel/contracts';
import type { Access, Family, LimitCategory } from './route-config.ts';

/** What a route says of itself. */
export interface KnownRoute {
  method: string;
  /** As it was added: `/api-keys/:id`. */
  url: string;
  family: Family;
  access: Access;
  limit: LimitCategory | 'none' | null;
  errors: FailureCode[];
  documentedAs: string | null;
  produces: string[];
  /** Left out of the documentation. */
  hidden: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route so far. */
    knownRoutes: KnownRoute[];
  }
}

/**
 * Remembers every route as it is added. Asked for a path that nothing matched, it tells the methods that the path
 * does have: the difference between 404 and 405.
 */
export function recordRoutes(app: HttpServer, maxParamLength: number): (url: string) => string[] {
  const router = createRouter({ maxParamLength });
  const methods = new Set<HTTPMethod>();
  const known: KnownRoute[] = [];
  app.decorate('knownRoutes', known);
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    for (const one of [method].flat() as HTTPMethod[]) {
      methods.add(one);
      if (!router.hasRoute(one, url)) router.on(one, url, () => undefined);
      const { family = 'platform', access = 'anyone', limit = null } = config ?? {};
      const { errors = [], documentedAs = null, produces = [] } = config ?? {};
      const hidden = schema?.hide === true;
      known.push({ method: one, url, family, access, limit, errors, documentedAs, produces, hidden });
    }
  });
  return function findAllowedMethods(url) {
    return [...methods].filter((method) => router.find(method, url.split('?', 1)[0]!)).sort();
  };
}
