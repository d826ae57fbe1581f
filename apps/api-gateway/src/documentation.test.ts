import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  responses: Record<string, unknown>;
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Schema {
  $ref?: string;
  examples?: unknown[];
  items?: Schema;
  properties?: { data?: Schema };
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let gateway: TestGateway;
let document: Document;
beforeAll(async () => {
  gateway = await startTestGateway();
  document = (await gateway.call<Document>('/documentation')).json;
}, 60_000);
afterAll(() => gateway.close());

function operations() {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
}

describe('the OpenAPI document', () => {
  test('has every route under its documented path', () => {
    expect(document.openapi).toBe('3.1.0');
    const documented = operations().map(({ name }) => name);
    const routes = gateway.app.knownRoutes
      .filter(({ method, hidden }) => method !== 'HEAD' && method !== 'OPTIONS' && !hidden)
      .map(({ method, url, documentedAs }) => {
        return `${method.toLowerCase()} ${documentedAs ?? url.replaceAll(/:(\w+)/g, '{$1}')}`;
      });
    expect(documented.sort()).toEqual([...new Set(routes)].sort());
    expect(documented).toContain('post /{action}/{index}');
  });

  test('has summary, tag, examples and error responses of every operation', () => {
    function resolve(schema: Schema | undefined): Schema | undefined {
      return schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!] : schema;
    }
    function findExample(schema: Schema | undefined): unknown {
      const resolved = resolve(schema);
      return (
        resolved?.examples?.[0] ??
        (resolved?.items && findExample(resolved.items)) ??
        (resolved?.properties?.data && findExample(resolved.properties.data))
      );
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const missing = operations().flatMap(({ name, operation }) => {
      const { summary, tags, requestBody, responses } = operation;
      const body = requestBody?.content['application/json']?.schema;
      const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
      const response = (success as Operation['requestBody'])?.content?.['application/json']?.schema;
      return [
        !summary && `${name}: summary`,
        !tags?.length && `${name}: tag`,
        body && !findExample(body) && `${name}: example of its body`,
        response &&
          !['Health', 'Errors'].includes(tags?.[0] ?? '') &&
          !findExample(response) &&
          name !== 'get /documentation' &&
          `${name}: example of its response`,
        !responses['500'] && `${name}: errors`,
      ].filter(Boolean);
    });
    expect(missing).toEqual([]);
  });

  test('has no problem that Redocly reports', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    const messages = problems.map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`,
    );
    expect(messages.filter((message) => !isExpected(message))).toEqual([]);
  });

  test('generates a client with correct types', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const folder = await mkdtemp(join(tmpdir(), 'api-client-'));
    try {
      await writeFile(join(folder, 'api.ts'), astToString(await openapiTS(JSON.stringify(document))));
      await writeFile(join(folder, 'use.ts'), CLIENT_SOURCE);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext'];
      const resolution = ['--moduleResolution', 'bundler', '--ignoreConfig'];
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const run = promisify(execFile)(process.execPath, [
        ...[tsc, ...options, ...resolution],
        join(folder, 'use.ts'),
      ]);
      await expect(run.catch(({ stdout }: { stdout: string }) => stdout)).resolves.toMatchObject({
        stdout: '',
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

/** Deliberate deviations: the API documents require them. */
function isExpected(problem: string): boolean {
  return (
    // POST /{action}/{index} of the platform document matches every path with two segments.
    /^no-ambiguous-paths: .*`\/\{action\}\/\{index\}`/.test(problem) ||
    // Health checks have no client errors.
    /^operation-4xx-response: .*~1(healthz|readyz)/.test(problem)
  );
}

/** Compiles only if the generated types are correct. */
const CLIENT_SOURCE = `
import type { components, paths } from './api';

type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Body<P extends keyof paths, M extends keyof paths[P]> =
  paths[P][M] extends { requestBody: infer R } ? Json<R> : never;
type Result<P extends keyof paths, M extends keyof paths[P], S extends number> =
  paths[P][M] extends { responses: infer R } ? (S extends keyof R ? Json<R[S]> : never) : never;

const record = { call_id: 'a', caller: '1', callee: '2', start_time: '2024-01-15T10:30:00Z' };
export const batch: Body<'/{action}/{index}', 'post'> = {
  records: [record as components['schemas']['PlatformRecord']],
};
const extension = { extension_number: '1001', name: 'x', config_data: {} };
export const valid: Body<'/extensions', 'post'> = { ...extension, extension_type: 'sip' };
// @ts-expect-error Unknown extension type.
export const invalid: Body<'/extensions', 'post'> = { ...extension, extension_type: 'h323' };
export function numberOf(response: Result<'/extensions/{id}', 'get', 200>): string {
  return response.data.extension_number;
}
export function total(response: Result<'/calls', 'get', 200>): number {
  return response.meta.pagination.total;
}
`;
