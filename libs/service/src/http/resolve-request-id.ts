import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const REQUEST_ID_FORMAT = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's X-Request-Id where it is a harmless word, else a new one. */
export function resolveRequestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID_FORMAT.test(given) ? given : `req-${randomUUID()}`;
}
