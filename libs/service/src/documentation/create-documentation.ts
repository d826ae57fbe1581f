import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpServer } from '../http/http-server.ts';
import { describeRoutes } from './describe-routes.ts';
import type { OpenApi } from './openapi.ts';

export interface ApiInfo {
  title: string;
  description: string;
  version: string;
  /** `identifier`: as SPDX has it. */
  license: { name: string; identifier: string };
  /** What the tags of the routes mean, in the order in which they are read. */
  tags: Record<string, string>;
}

type Transform = ReturnType<typeof createJsonSchemaTransform>;

/** A body that is not there, and numbers that JSON does not know, are described as anything. */
const zodToJsonConfig = { unrepresentable: 'any' } as const;

const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig, skipList: [] });

/** The body of a route that reads it by itself has no schema of Fastify's. */
function withBody(given: Parameters<Transform>[0]): Parameters<Transform>[0] {
  const body = given.route.config?.documentedBody;
  return body ? { ...given, schema: { ...given.schema, body } } : given;
}

/**
 * Collects every route that is added from now on. Returns how to read them as OpenAPI 3.1, made of the same schemas that
 * check the requests; made once, when it is first asked for.
 */
export async function createDocumentation(
  app: HttpServer,
  { tags, ...info }: ApiInfo,
): Promise<() => OpenApi> {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info },
    transform: (route) => toJsonSchema(withBody(route)),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
  let document: OpenApi | undefined;
  return function readDocument() {
    return (document ??= describeRoutes(app.swagger() as OpenApi, app.knownRoutes, tags));
  };
}
