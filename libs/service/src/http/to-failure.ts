import { Failure, failures, type FailureCode, type Problem } from '@oriontel/contracts';
import { isUnavailable } from '@oriontel/database';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

/** What Fastify itself refuses, in words that say what to do. */
const FASTIFY_MESSAGES: Record<string, string> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: send a JSON object.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type is not supported here: send application/json.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large: send it in smaller parts.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says.',
  FST_ERR_BAD_URL: 'The URL is not well-formed: percent-encode it.',
  FST_ERR_HANDLER_TIMEOUT: 'The request took too long. Send the same again later.',
};

/** Translates whatever was thrown into a failure for the client; what it cannot read is `internal`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (hasZodFastifySchemaValidationErrors(error))
    return invalidRequest(error.validation, error.validationContext);
  if (isUnavailable(error)) {
    return new Failure('unavailable', 'The database is out of reach. Send the same again later.', {
      cause: error,
      retryAfter: 2,
    });
  }
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (error instanceof SyntaxError && statusCode === 400) {
    return new Failure('bad_request', `The body is not valid JSON: ${message}`);
  }
  const known = (Object.keys(failures) as FailureCode[]).find((name) => failures[name].status === statusCode);
  if (!known || known === 'internal') return new Failure('internal', undefined, { cause: error });
  const retryAfter = known === 'unavailable' ? 2 : undefined;
  return new Failure(known, FASTIFY_MESSAGES[code ?? ''], {
    cause: error,
    ...(retryAfter ? { retryAfter } : {}),
  });
}

function invalidRequest(
  issues: { instancePath: string; message?: string; params?: unknown }[],
  context: string | undefined,
): Failure {
  const details = issues.flatMap(problemsOf);
  const place = context === 'querystring' ? 'query' : (context ?? 'request');
  const [first] = details;
  const message = first ? `${first.field || place}: ${first.message}` : `The ${place} is not valid.`;
  return new Failure('bad_request', message, { details });
}

function problemsOf(issue: { instancePath: string; message?: string; params?: unknown }): Problem[] {
  const path = issue.instancePath.split('/').slice(1).filter(Boolean);
  const { keys } = (issue.params ?? {}) as { keys?: string[] };
  if (keys)
    return keys.map((key) => ({
      field: fieldName([...path, key]),
      message: 'is not known here: leave it out',
    }));
  return [{ field: fieldName(path), message: issue.message ?? 'is not valid' }];
}

/** `['records', '2', 'start_time']` reads `records[2].start_time`. */
export function fieldName(path: PropertyKey[]): string {
  return path.reduce<string>(
    (name, part) =>
      /^\d+$/.test(String(part))
        ? `${name}[${String(part)}]`
        : name
          ? `${name}.${String(part)}`
          : String(part),
    '',
  );
}
