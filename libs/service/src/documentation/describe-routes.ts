import type { KnownRoute } from '../http/known-routes.ts';
import { operationsOf, type OpenApi, type Operation, type Response } from './openapi.ts';
import { errorResponsesOf, usedErrorResponses } from './error-responses.ts';
import { nameParameters } from './name-parameters.ts';
import { tidySchemas } from './tidy-schemas.ts';

/**
 * Adds to the generated document what the route configurations state: access, credentials, errors and rate
 * limits.
 */
export function describeRoutes(raw: OpenApi, routes: KnownRoute[], tags: Record<string, string>): OpenApi {
  const document = tidySchemas(raw);
  const byName = new Map(routes.map((route) => [`${route.method} ${openApiPath(route.url)}`, route]));
  const paths: NonNullable<OpenApi['paths']> = {};
  const nameOperation = createOperationNamer();
  for (const { path, method, operation } of operationsOf(document)) {
    const route = byName.get(`${method.toUpperCase()} ${path}`);
    if (!route) continue;
    const documentedPath = route.documentedAs ?? path;
    const merged = paths[documentedPath]?.[method];
    const parameters = nameParameters(operation, path, documentedPath, merged);
    paths[documentedPath] = {
      ...paths[documentedPath],
      [method]: {
        ...describeOperation(operation, route),
        ...parameters,
        operationId: nameOperation(operation, documentedPath, method),
      },
    };
  }
  return {
    ...document,
    paths,
    servers: [{ url: '/', description: 'The server that served this document' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    components: {
      ...document.components,
      securitySchemes: SECURITY_SCHEMES,
      responses: usedErrorResponses(paths),
    },
  };
}

/** Converts `/users/:id` to `/users/{id}` and `/logs/*` to `/logs/{*}`. */
function openApiPath(url: string): string {
  return url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}');
}

/**
 * Creates operation ids from summaries: `getACdr` for "Get a CDR". Adds the method if several methods share a
 * summary.
 */
function createOperationNamer() {
  const owners = new Map<string, string>();
  return function nameOperation({ summary = '' }: Operation, path: string, method: string): string {
    const name = camelCase(summary || `${method} ${path}`);
    const owner = owners.get(name) ?? path + method;
    owners.set(name, owner);
    // Two routes documented as one path and method share their id.
    return owner === path + method ? name : name + capitalize(method);
  };
}

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token (POST /auth/login) or an API key',
  },
  basic: { type: 'http', scheme: 'basic', description: 'Any user name, and an API key as the password' },
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
  if (access === 'anyone') return '**Access:** public.';
  if (access === 'guest') return '**Access:** public; authenticated users may see more.';
  if (access === 'signed-in') return '**Access:** any signed-in user.';
  const key = access.scope ? `, API keys with scope ${access.scope}` : '';
  return `**Access:** ${access.roles.join(', ')}${key}.`;
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

function capitalize(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
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
const SUCCESS_DESCRIPTIONS: Record<string, string> = {
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
};
