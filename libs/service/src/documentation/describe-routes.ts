import type { KnownRoute } from '../http/known-routes.ts';
import { operationsOf, type OpenApi, type Operation, type Response } from './openapi.ts';
import { errorResponsesOf, usedErrorResponses } from './error-responses.ts';
import { nameParameters } from './name-parameters.ts';
import { tidySchemas } from './tidy-schemas.ts';

/** Adds to what the schemas say what the routes say: who may, by which credentials, what is refused how, and by what limit. */
export function describeRoutes(raw: OpenApi, routes: KnownRoute[], tags: Record<string, string>): OpenApi {
  const document = tidySchemas(raw);
  const byName = new Map(routes.map((route) => [`${route.method} ${openApiPath(route.url)}`, route]));
  const paths: NonNullable<OpenApi['paths']> = {};
  const nameOperation = createOperationNamer();
  for (const { path, method, operation } of operationsOf(document)) {
    const route = byName.get(`${method.toUpperCase()} ${path}`);
    if (!route) continue;
    const shown = route.documentedAs ?? path;
    const before = paths[shown]?.[method];
    const parameters = nameParameters(operation, path, shown, before);
    paths[shown] = {
      ...paths[shown],
      [method]: {
        ...describeOperation(operation, route),
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
    components: { ...document.components, securitySchemes, responses: usedErrorResponses(paths) },
  };
}

/** `/users/:id` is `/users/{id}`, `/logs/*` is `/logs/{*}`. */
const openApiPath = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}');

/** `readACdr` for "Read a CDR"; a route of several methods has one for each. */
function createOperationNamer() {
  const taken = new Map<string, string>();
  return function nameOperation({ summary = '' }: Operation, path: string, method: string): string {
    const name = camelCase(summary || `${method} ${path}`);
    const owner = taken.get(name) ?? path + method;
    taken.set(name, owner);
    // The same again is the second action of one route.
    return owner === path + method ? name : name + method.replace(/^./, (first) => first.toUpperCase());
  };
}

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a sign-in (POST /auth/login), or an API key',
  },
  basic: { type: 'http', scheme: 'basic', description: 'Any name, and an API key as the password' },
} as const;

function describeOperation(operation: Operation, route: KnownRoute): Operation {
  const errors = errorResponsesOf(operation, route);
  const { access, limit } = route;
  const key = typeof access === 'object' && access.scope;
  return {
    ...operation,
    description: [
      operation.description,
      accessDescription(access),
      limit === 'none' ? '' : limitDescription(limit),
    ]
      .filter(Boolean)
      .join('\n\n'),
    security:
      access === 'anyone'
        ? []
        : [...(access === 'guest' ? [{}] : []), { token: [] }, ...(key ? [{ basic: [] }] : [])],
    ...(typeof access === 'object' && { 'x-roles': access.roles }),
    ...(key && { 'x-scope': key }),
    responses: { ...successResponses(operation, route.produces), ...errors },
  };
}

function accessDescription(access: KnownRoute['access']): string {
  if (access === 'anyone') return '**Who may:** anyone.';
  if (access === 'guest') return '**Who may:** anyone; who signed in may do more.';
  if (access === 'signed-in') return '**Who may:** anyone signed in.';
  const key = access.scope ? `, API keys with the scope ${access.scope}` : '';
  return `**Who may:** ${access.roles.join(', ')}${key}.`;
}

function limitDescription(limit: KnownRoute['limit']): string {
  return `**Rate limit:** ${limit ?? 'signed_in or guest'}.`;
}

function camelCase(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9]+(\w)/g, (_all, next: string) => next.toUpperCase())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .replace(/^./, (first) => first.toLowerCase());
}

function successResponses({ responses = {} }: Operation, produces: string[]): Operation['responses'] {
  if (produces.length) {
    const content = produces.map((type) => [type, { schema: { type: 'string', contentMediaType: type } }]);
    return { 200: { description: 'Success', content: Object.fromEntries(content) as never } };
  }
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...(response as Response), description: SUCCESS_DESCRIPTIONS[status] ?? 'Success' },
    ]),
  );
}
const SUCCESS_DESCRIPTIONS: Record<string, string> = { 201: 'Made', 202: 'Accepted', 204: 'Done' };
