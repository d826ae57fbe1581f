import { openLog } from '../log.ts';
import { createServer } from './create-server.ts';
import { guardRoutes, type Authenticate } from './guard.ts';
import type { HttpServer } from './http-server.ts';

export type LogLine = Record<string, unknown> & { msg?: string; err?: Record<string, unknown> };

/** A shell with routes of the test's own, and what it logged. */
export const openTestServer = async (
  addRoutes: (app: HttpServer) => void,
  authenticate: Authenticate = async () => null,
) => {
  const lines: LogLine[] = [];
  const log = openLog('test', 'debug', {
    write: (line: string) => void lines.push(JSON.parse(line) as LogLine),
  });
  const app = createServer(log);
  guardRoutes(app, authenticate);
  await app.register(async (inner: HttpServer) => addRoutes(inner));
  await app.ready();
  return { app, lines };
};
