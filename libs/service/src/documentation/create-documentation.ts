import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpServer } from '../http/http-server.ts';
import { describeRoutes } from './describe-routes.ts';
import type { OpenApi } from './openapi.ts';

export interface ApiInfo {
  title: string;
  description: string;
  version: string;
  /** `identifier` is an SPDX license identifier. */
  license: { name: string; identifier: string };
  /** Descriptions of the route tags, in the order of the reference. */
  tags: Record<string, string>;
}

type Transform = ReturnType<typeof createJsonSchemaTransform>;

/** Types without a JSON Schema equivalent are described as `{}`, which allows any value. */
const ZOD_TO_JSON_CONFIG = { unrepresentable: 'any' } as const;

const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig: ZOD_TO_JSON_CONFIG, skipList: [] });

/** Adds the documented body of routes that parse their body themselves and so have no body schema. */
function withDocumentedBody(route: Parameters<Transform>[0]): Parameters<Transform>[0] {
  const body = route.route.config?.documentedBody;
  return body ? { ...route, schema: { ...route.schema, body } } : route;
}

/**
 * Collects every route that is added afterwards. Returns a function that creates the OpenAPI 3.1 document on
 * its first call, from the schemas that validate the requests.
 */
export async function createDocumentation(
  app: HttpServer,
  { tags, ...info }: ApiInfo,
): Promise<() => OpenApi> {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info },
    transform: (route) => toJsonSchema(withDocumentedBody(route)),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig: ZOD_TO_JSON_CONFIG }),
  });
  let document: OpenApi | undefined;
  return function readDocument() {
    return (document ??= describeRoutes(app.swagger() as OpenApi, app.knownRoutes, tags));
  };
}
