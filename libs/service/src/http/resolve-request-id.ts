import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const REQUEST_ID_FORMAT = /^[A-Za-z0-9._-]{1,128}$/;

/** Returns the client's X-Request-Id if it has the expected format, else a new id. */
export function resolveRequestId(request: Pick<IncomingMessage, 'headers'>): string {
  const received = request.headers['x-request-id'];
  return typeof received === 'string' && REQUEST_ID_FORMAT.test(received) ? received : `req-${randomUUID()}`;
}
