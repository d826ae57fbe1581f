import createRouter, { type HTTPMethod } from 'find-my-way';
import type { HttpServer } from './http-server.ts';
import type { FailureCode } from '@oriontel/contracts';
import type { Access, Family, LimitCategory } from './route-config.ts';

/** The configuration of a registered route. */
export interface KnownRoute {
  method: string;
  /** The router's pattern, for example `/api-keys/:id`. */
  url: string;
  family: Family;
  access: Access;
  limit: LimitCategory | 'none' | null;
  errors: FailureCode[];
  documentedAs: string | null;
  produces: string[];
  /** Excluded from the API reference. */
  hidden: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route registered so far, one entry per method. */
    knownRoutes: KnownRoute[];
  }
}

/**
 * Records every route in `app.knownRoutes`. Returns a function that lists the methods of a path: if none, an
 * unmatched request is a 404, else a 405.
 */
export function recordRoutes(app: HttpServer, maxParamLength: number): (url: string) => string[] {
  const router = createRouter({ maxParamLength });
  const methods = new Set<HTTPMethod>();
  const known: KnownRoute[] = [];
  app.decorate('knownRoutes', known);
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    for (const httpMethod of [method].flat() as HTTPMethod[]) {
      methods.add(httpMethod);
      if (!router.hasRoute(httpMethod, url)) router.on(httpMethod, url, () => undefined);
      const { family = 'platform', access = 'anyone', limit = null } = config ?? {};
      const { errors = [], documentedAs = null, produces = [] } = config ?? {};
      const hidden = schema?.hide === true;
      known.push({ method: httpMethod, url, family, access, limit, errors, documentedAs, produces, hidden });
    }
  });
  return function findAllowedMethods(url) {
    return [...methods].filter((method) => router.find(method, url.split('?', 1)[0]!)).sort();
  };
}
