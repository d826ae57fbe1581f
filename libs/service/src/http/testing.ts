import { createLogger } from '../log.ts';
import { createServer, type ServerOptions } from './create-server.ts';
import { guardRoutes, type Authenticate } from './guard-routes.ts';
import type { HttpServer } from './http-server.ts';
import { createRateLimiter, type RateLimitOptions } from './create-rate-limiter.ts';

export type LogLine = Record<string, unknown> & { msg?: string; err?: Record<string, unknown> };

/** Creates a server with the given routes; `lines` collects its log. */
export async function createTestServer(
  addRoutes: (app: HttpServer) => void,
  authenticate: Authenticate = async () => null,
  { rateLimits, ...options }: ServerOptions & { rateLimits?: RateLimitOptions } = {},
) {
  const lines: LogLine[] = [];
  const log = createLogger('test', 'debug', {
    write: (line: string) => void lines.push(JSON.parse(line) as LogLine),
  });
  const app = createServer(log, options);
  guardRoutes(app, authenticate, rateLimits ? await createRateLimiter(app, rateLimits) : null);
  await app.register(async (inner: HttpServer) => addRoutes(inner));
  await app.ready();
  return { app, lines };
}
