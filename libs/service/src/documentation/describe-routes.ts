import { failures, type FailureCode } from '@oriontel/contracts';
import type { KnownRoute } from '../http/known-routes.ts';
import {
  operationsOf,
  type OpenApi,
  type Operation,
  type Parameter,
  type Response,
  type Schema,
} from './openapi.ts';
import { tidySchemas } from './tidy-schemas.ts';

/** Adds to what the schemas say what the routes say: who may, by which credentials, what is refused how, and by what limit. */
export const describeRoutes = (raw: OpenApi, routes: KnownRoute[], tags: Record<string, string>): OpenApi => {
  const document = tidySchemas(raw);
  const byName = new Map(routes.map((route) => [`${route.method} ${openApiPath(route.url)}`, route]));
  const paths: NonNullable<OpenApi['paths']> = {};
  const nameOperation = operationNames();
  for (const { path, method, operation } of operationsOf(document)) {
    const route = byName.get(`${method.toUpperCase()} ${path}`);
    if (!route) continue;
    const shown = route.documentedAs ?? path;
    const before = paths[shown]?.[method];
    const parameters = nameParameters(operation, path, shown, before);
    paths[shown] = {
      ...paths[shown],
      [method]: {
        ...describe(operation, route),
        ...parameters,
        operationId: nameOperation(operation, shown, method),
      },
    };
  }
  return {
    ...document,
    paths,
    servers: [{ url: '/', description: 'Where this document came from' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    components: { ...document.components, securitySchemes, responses: responsesUsed(paths) },
  };
};

/** `/users/:id` is `/users/{id}`. */
const openApiPath = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

/**
 * The parameters as the documents name them: where they have `{action}` and the router `cdr` and `process`, it is one of both;
 * what the router calls `*` is the one that it does not know by name.
 */
const nameParameters = (
  { parameters = [] }: Operation,
  path: string,
  shown: string,
  before: Operation | undefined,
): Pick<Operation, 'parameters'> => {
  if (path === shown) return parameters.length ? { parameters } : {};
  const known = parameters as Parameter[];
  const parts = path.split('/');
  const named = shown.split('/').flatMap((part, index): Parameter[] => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (!name || known.some((parameter) => parameter.name === name)) return [];
    const wildcard = known.find((parameter) => parameter.name === '*');
    if (wildcard) return [{ ...wildcard, name }];
    const earlier = (before?.parameters as Parameter[] | undefined)?.find((one) => one.name === name);
    const listed = ((earlier?.schema as Schema | undefined)?.enum ?? []) as string[];
    const values = [...listed, parts[index]!];
    return [{ name, in: 'path', required: true, schema: { type: 'string', enum: values } }];
  });
  return { parameters: [...named, ...known.filter(({ name }) => name !== '*')] };
};

/** `readACdr` for "Read a CDR"; a route of several methods has one for each. */
const operationNames = () => {
  const taken = new Map<string, string>();
  return ({ summary = '' }: Operation, path: string, method: string): string => {
    const name = camelCase(summary || `${method} ${path}`);
    const owner = taken.get(name) ?? path + method;
    taken.set(name, owner);
    // The same again is the second action of one route.
    return owner === path + method ? name : name + method.replace(/^./, (first) => first.toUpperCase());
  };
};

const responsesUsed = (paths: NonNullable<OpenApi['paths']>): Record<string, Response> => {
  const used = operationsOf({ paths } as OpenApi).flatMap(({ operation }) =>
    Object.values(operation.responses ?? {}).map((response) => ('$ref' in response ? response.$ref : '')),
  );
  return Object.fromEntries(
    Object.entries(errorResponses).filter(([code]) => used.includes(`#/components/responses/${code}`)),
  );
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
    description: [operation.description, whoMay(access), limit === 'none' ? '' : limitOf(limit)]
      .filter(Boolean)
      .join('\n\n'),
    security:
      access === 'anyone'
        ? []
        : [...(access === 'guest' ? [{}] : []), { token: [] }, ...(key ? [{ basic: [] }] : [])],
    ...(typeof access === 'object' && { 'x-roles': access.roles }),
    ...(key && { 'x-scope': key }),
    responses: { ...successes(operation, route.produces), ...errors },
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

const successes = ({ responses = {} }: Operation, produces: string[]): Operation['responses'] => {
  if (produces.length) {
    const content = produces.map((type) => [type, { schema: { type: 'string', contentMediaType: type } }]);
    return { 200: { description: 'Success', content: Object.fromEntries(content) as never } };
  }
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...(response as Response), description: SUCCESSES[status] ?? 'Success' },
    ]),
  );
};
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
