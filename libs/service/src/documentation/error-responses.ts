import { failures, type FailureCode } from '@oriontel/contracts';
import type { KnownRoute } from '../http/known-routes.ts';
import { operationsOf, type OpenApi, type Operation, type Response } from './openapi.ts';

/**
 * Error responses of an operation: those that every route of its shape has, and those in its `errors`
 * configuration.
 */
export function errorResponsesOf(operation: Operation, route: KnownRoute): Operation['responses'] {
  const { access, limit, errors } = route;
  const input = !!operation.parameters?.length || !!operation.requestBody;
  const codes: (FailureCode | false)[] = [
    input && 'bad_request',
    access !== 'anyone' && 'unauthorized',
    access !== 'anyone' && 'forbidden',
    route.url.includes(':') && 'not_found',
    !!operation.requestBody && 'too_large',
    !!operation.requestBody && 'unsupported_media_type',
    limit !== 'none' && 'too_many_requests',
    'internal',
    'unavailable',
    ...errors,
  ];
  const named = [...new Set(codes)].filter((code): code is FailureCode => code !== false);
  return Object.fromEntries(
    named
      .map((code) => [String(failures[code].status), { $ref: `#/components/responses/${code}` }] as const)
      .sort(([a], [b]) => Number(a) - Number(b)),
  );
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'code'],
      properties: {
        message: { type: 'string', description: 'What is wrong and how to fix it' },
        code: { type: 'integer', description: 'The HTTP status' },
        request_id: { type: 'string' },
        details: {
          type: 'array',
          items: {
            type: 'object',
            required: ['field', 'message'],
            properties: { field: { type: 'string' }, message: { type: 'string' } },
          },
        },
      },
    },
  },
} as const;

/** The response of each error code, in JSON and XML. */
const ERROR_RESPONSES: Record<string, Response> = Object.fromEntries(
  Object.entries(failures).map(([code, { status, message }]) => [
    code,
    {
      description: message,
      content: {
        'application/json': { schema: ERROR_SCHEMA as never, example: { error: { message, code: status } } },
        'application/xml': {
          schema: { type: 'string' },
          example:
            `<error><code>${status}</code><message>${message}</message>` +
            '<timestamp>2024-01-15T12:00:00Z</timestamp><request_id>req-abc123</request_id></error>',
        },
      },
    },
  ]),
);

/** Returns the error responses that `paths` refers to. */
export function usedErrorResponses(paths: NonNullable<OpenApi['paths']>): Record<string, Response> {
  const used = operationsOf({ paths } as OpenApi).flatMap(({ operation }) =>
    Object.values(operation.responses ?? {}).map((response) => ('$ref' in response ? response.$ref : '')),
  );
  return Object.fromEntries(
    Object.entries(ERROR_RESPONSES).filter(([code]) => used.includes(`#/components/responses/${code}`)),
  );
}
