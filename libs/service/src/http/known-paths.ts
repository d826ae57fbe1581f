import createRouter, { type HTTPMethod } from 'find-my-way';
import type { HttpServer } from './http-server.ts';

/**
 * Remembers every route as it is added. Asked for a path that nothing matched, it tells the methods that the path
 * does have: the difference between 404 and 405.
 */
export const rememberPaths = (app: HttpServer, maxParamLength: number): ((url: string) => string[]) => {
  const router = createRouter({ maxParamLength });
  const methods = new Set<HTTPMethod>();
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat() as HTTPMethod[]) {
      methods.add(method);
      if (!router.hasRoute(method, route.url)) router.on(method, route.url, () => undefined);
    }
  });
  return (url) => [...methods].filter((method) => router.find(method, url.split('?', 1)[0]!)).sort();
};
