import type { OpenAPIV3_1 } from 'openapi-types';

/** OpenAPI 3.1. */
export type OpenApi = OpenAPIV3_1.Document;
export type Operation = OpenAPIV3_1.OperationObject;
export type Schema = OpenAPIV3_1.SchemaObject & { $ref?: string };
export type Parameter = OpenAPIV3_1.ParameterObject;
export type Response = OpenAPIV3_1.ResponseObject;

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Lists every operation with its path and method. */
export function operationsOf(
  document: OpenApi,
): { path: string; method: (typeof METHODS)[number]; operation: Operation }[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

/** Resolves a `$ref` to a schema component; returns other schemas unchanged. */
export function resolveRef(document: OpenApi, schema: Schema | undefined): Schema | undefined {
  const name = schema?.$ref?.replace('#/components/schemas/', '');
  return name ? document.components?.schemas?.[name] : schema;
}
