import { Failure, measureJson } from '@oriontel/contracts';
import type { HttpServer } from './http-server.ts';

/** Nested lists and objects. */
const MAX_DEPTH = 100;
/** Lists, objects and their members: more than any body of 1 MiB needs. */
const MAX_VALUES = 100_000;

/** Parses JSON bodies as Fastify does, after a check of their structure: a deep body takes long to parse. */
export function parseJsonBodies(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { depth, values } = measureJson([body]);
    if (depth > MAX_DEPTH)
      done(new Failure('bad_request', `The body is nested more than ${MAX_DEPTH} levels deep: flatten it.`));
    else if (values > MAX_VALUES)
      done(new Failure('bad_request', `The body has more than ${MAX_VALUES} values: send less at once.`));
    else void parse(request, body.toString(), done);
  });
}
