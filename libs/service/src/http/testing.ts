import { openLog } from '../log.ts';
import { createServer, type ServerOptions } from './create-server.ts';
import { guardRoutes, type Authenticate } from './guard.ts';
import type { HttpServer } from './http-server.ts';
import { openRateLimiter, type RateLimiting } from './limit-rates.ts';

export type LogLine = Record<string, unknown> & { msg?: string; err?: Record<string, unknown> };

/** A shell with routes of the test's own, and what it logged. */
export const openTestServer = async (
  addRoutes: (app: HttpServer) => void,
  authenticate: Authenticate = async () => null,
  { rateLimits, ...options }: ServerOptions & { rateLimits?: RateLimiting } = {},
) => {
  const lines: LogLine[] = [];
  const log = openLog('test', 'debug', {
    write: (line: string) => void lines.push(JSON.parse(line) as LogLine),
  });
  const app = createServer(log, options);
  guardRoutes(app, authenticate, rateLimits ? await openRateLimiter(app, rateLimits) : null);
  await app.register(async (inner: HttpServer) => addRoutes(inner));
  await app.ready();
  return { app, lines };
};
