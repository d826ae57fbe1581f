import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { HttpServer } from '../http/http-server.ts';
import { describeRoutes } from './describe-routes.ts';
import type { OpenApi } from './openapi.ts';

export interface About {
  title: string;
  description: string;
  version: string;
}

/** A body that is not there, and numbers that JSON does not know, are described as anything. */
const zodToJsonConfig = { unrepresentable: 'any' } as const;

/**
 * Collects every route that is added from now on. Returns how to read them as OpenAPI 3.1, made of the same schemas that
 * check the requests; made once, when it is first asked for.
 */
export const openDocumentation = async (app: HttpServer, about: About): Promise<() => OpenApi> => {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: about },
    transform: createJsonSchemaTransform({ zodToJsonConfig, skipList: [] }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
  let document: OpenApi | undefined;
  return () => (document ??= describeRoutes(app.swagger() as OpenApi, app.knownRoutes));
};
