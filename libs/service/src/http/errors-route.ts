import { Failure, failures, type FailureCode } from '@oriontel/contracts';
import { z } from 'zod';
import type { HttpServer } from './http-server.ts';

/** The codes listed in the platform API document. */
const LISTED_CODES: FailureCode[] = [
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
const RETRY_AFTER_SECONDS = 5;

/** Error pages for a reverse proxy, which requests one by `?code=` or the header X-Code. */
export async function errorsRoute(app: HttpServer): Promise<void> {
  // The proxy may forward the body of the failed request: discard it.
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
      summary: 'Get an error response',
      querystring: z.object({
        code: z.string().optional().meta({ description: 'HTTP status of the response' }),
      }),
    },
    async handler({ query, headers }) {
      throw failureForStatus(query.code ?? headers['x-code']);
    },
  });
}

function failureForStatus(status: string | string[] | undefined): Failure {
  const code = LISTED_CODES.find((listed) => String(failures[listed].status) === status);
  if (!code) return new Failure('not_found', 'Resource not found');
  const hasRetryAfter = code === 'too_many_requests' || code === 'unavailable';
  return new Failure(code, undefined, hasRetryAfter ? { retryAfter: RETRY_AFTER_SECONDS } : {});
}
