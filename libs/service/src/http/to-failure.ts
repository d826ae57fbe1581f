import { Failure, failures, fieldName, type FailureCode, type Problem } from '@oriontel/contracts';
import { isUnavailable } from '@oriontel/database';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

/** Client messages for errors of Fastify. */
const FASTIFY_MESSAGES: Record<string, string> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: send a JSON object.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type is not supported: send application/json.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large: send it in smaller parts.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The length of the body differs from Content-Length.',
  FST_ERR_BAD_URL: 'The URL is not valid: percent-encode it.',
  FST_ERR_HANDLER_TIMEOUT: 'The request took too long. Try again later.',
};

const RETRY_AFTER_SECONDS = 2;

/** Translates any thrown value into a failure; unknown errors become `internal`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (hasZodFastifySchemaValidationErrors(error))
    return invalidRequest(error.validation, error.validationContext);
  if (isUnavailable(error)) {
    return new Failure('unavailable', 'The database is not reachable. Try again later.', {
      cause: error,
      retryAfter: RETRY_AFTER_SECONDS,
    });
  }
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (error instanceof SyntaxError && statusCode === 400) {
    return new Failure('bad_request', `The body is not valid JSON: ${message}`);
  }
  const known = (Object.keys(failures) as FailureCode[]).find((name) => failures[name].status === statusCode);
  if (!known || known === 'internal') return new Failure('internal', undefined, { cause: error });
  const retryAfter = known === 'unavailable' ? RETRY_AFTER_SECONDS : undefined;
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
      message: 'is not a known field: remove it',
    }));
  return [{ field: fieldName(path), message: issue.message ?? 'is not valid' }];
}
