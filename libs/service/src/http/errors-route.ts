import { Failure, failures, type FailureCode } from '@oriontel/contracts';
import { z } from 'zod';
import type { HttpServer } from './http-server.ts';

/** The rows of the document's table. */
const SHOWN_CODES: FailureCode[] = [
  'bad_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'too_many_requests',
  'internal',
  'bad_gateway',
  'unavailable',
];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Seconds, for the rows that are about trying again. */
const RETRY_AFTER_SECONDS = 5;

/** Errors for whoever stands before us: an ingress names by `?code=` or X-Code which one it wants to have shown. */
export async function errorsRoute(app: HttpServer): Promise<void> {
  // Whatever body the request had that failed elsewhere, nobody reads it here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });

  app.route({
    method: METHODS,
    url: '/errors',
    config: { family: 'platform', access: 'anyone', produces: ['application/xml', 'application/json'] },
    schema: {
      tags: ['Errors'],
      summary: 'Show an error',
      querystring: z.object({
        code: z.string().optional().meta({ description: 'The HTTP status to answer with' }),
      }),
    },
    async handler({ query, headers }) {
      throw failureForStatus(query.code ?? headers['x-code']);
    },
  });
}

function failureForStatus(status: string | string[] | undefined): Failure {
  const code = SHOWN_CODES.find((row) => String(failures[row].status) === status);
  if (!code) return new Failure('not_found', 'Resource not found');
  const retry = code === 'too_many_requests' || code === 'unavailable';
  return new Failure(code, undefined, retry ? { retryAfter: RETRY_AFTER_SECONDS } : {});
}
