import { failures, type FailureCode } from '@oriontel/contracts';
import type { KnownRoute } from '../http/known-routes.ts';
import { operationsOf, type OpenApi, type Operation, type Response } from './openapi.ts';
import { tidySchemas } from './tidy-schemas.ts';

/** Adds to what the schemas say what the routes say: who may, by which credentials, what is refused how, and by what limit. */
export const describeRoutes = (raw: OpenApi, routes: KnownRoute[]): OpenApi => {
  const document = tidySchemas(raw);
  const byName = new Map(routes.map((route) => [`${route.method} ${openApiPath(route.url)}`, route]));
  const paths: NonNullable<OpenApi['paths']> = {};
  for (const { path, method, operation } of operationsOf(document)) {
    const route = byName.get(`${method.toUpperCase()} ${path}`);
    const shown = route?.documentedAs ?? path;
    if (route) paths[shown] = { ...paths[shown], [method]: describe(operation, route) };
  }
  return {
    ...document,
    paths,
    servers: [{ url: '/', description: 'Where this document came from' }],
    tags: tagsOf(paths),
    components: { ...document.components, securitySchemes, responses: errorResponses },
  };
};

/** `/users/:id` is `/users/{id}`. */
const openApiPath = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

const tagsOf = (paths: NonNullable<OpenApi['paths']>): OpenApi['tags'] => {
  const names = operationsOf({ paths } as OpenApi).flatMap(({ operation }) => operation.tags ?? []);
  return [...new Set(names)].sort().map((name) => ({ name }));
};

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a sign-in (POST /auth/login), or an API key',
  },
  basic: { type: 'http', scheme: 'basic', description: 'Any name, and an API key as the password' },
} as const;

const describe = (operation: Operation, route: KnownRoute): Operation => {
  const errors = errorsOf(operation, route);
  const { access, limit } = route;
  const key = typeof access === 'object' && access.scope;
  return {
    ...operation,
    operationId: camelCase(operation.summary ?? `${route.method} ${route.url}`),
    description: [operation.description, whoMay(access), limit === 'none' ? '' : limitOf(limit)]
      .filter(Boolean)
      .join('\n\n'),
    security:
      access === 'anyone'
        ? []
        : [...(access === 'guest' ? [{}] : []), { token: [] }, ...(key ? [{ basic: [] }] : [])],
    ...(typeof access === 'object' && { 'x-roles': access.roles }),
    ...(key && { 'x-scope': key }),
    responses: { ...successes(operation), ...errors },
  };
};

const whoMay = (access: KnownRoute['access']): string => {
  if (access === 'anyone') return '**Who may:** anyone.';
  if (access === 'guest') return '**Who may:** anyone; who signed in may do more.';
  if (access === 'signed-in') return '**Who may:** anyone signed in.';
  const key = access.scope ? `, API keys with the scope ${access.scope}` : '';
  return `**Who may:** ${access.roles.join(', ')}${key}.`;
};

const limitOf = (limit: KnownRoute['limit']): string => `**Rate limit:** ${limit ?? 'signed_in or guest'}.`;

const camelCase = (text: string): string =>
  text
    .replaceAll(/[^A-Za-z0-9]+(\w)/g, (_all, next: string) => next.toUpperCase())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .replace(/^./, (first) => first.toLowerCase());

const successes = ({ responses = {} }: Operation): Operation['responses'] =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...(response as Response), description: SUCCESSES[status] ?? 'Success' },
    ]),
  );
const SUCCESSES: Record<string, string> = { 201: 'Made', 202: 'Accepted', 204: 'Done' };

/** What any route of this shape may answer, and what this one says of itself. */
const errorsOf = (operation: Operation, route: KnownRoute): Operation['responses'] => {
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
};

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'code'],
      properties: {
        message: { type: 'string', description: 'What is wrong and what to do' },
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

/** Each failure once, in both formats; `Accept` chooses. */
const errorResponses: Record<string, Response> = Object.fromEntries(
  Object.entries(failures).map(([code, { status, message }]) => [
    code,
    {
      description: message,
      content: {
        'application/json': { schema: errorSchema as never, example: { error: { message, code: status } } },
        'application/xml': {
          schema: { type: 'string' },
          example: `<error><code>${status}</code><message>${message}</message><timestamp>2024-01-15T12:00:00Z</timestamp><request_id>req-abc123</request_id></error>`,
        },
      },
    },
  ]),
);
