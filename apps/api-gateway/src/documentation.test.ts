import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

describe('OpenAPI', () => {
  test('has every route, as the documents write it', () => {
    expect(document.openapi).toBe('3.1.0');
    const shown = operations().map(({ name }) => name);
    const routes = gateway.app.knownRoutes
      .filter(({ method, hidden }) => method !== 'HEAD' && method !== 'OPTIONS' && !hidden)
      .map(({ method, url, documentedAs }) => {
        return `${method.toLowerCase()} ${documentedAs ?? url.replaceAll(/:(\w+)/g, '{$1}')}`;
      });
    expect(shown.sort()).toEqual([...new Set(routes)].sort());
    expect(shown).toContain('post /{action}/{index}');
  });

  test('tells of every route what it is called, who may, what it takes by example and which errors it has', () => {
    function resolve(schema: Schema | undefined): Schema | undefined {
      return schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!] : schema;
    }
    function exampleOf(schema: Schema | undefined): unknown {
      const found = resolve(schema);
      return (
        found?.examples?.[0] ??
        (found?.items && exampleOf(found.items)) ??
        (found?.properties?.data && exampleOf(found.properties.data))
      );
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const lacking = operations().flatMap(({ name, operation }) => {
      const { summary, tags, requestBody, responses } = operation;
      const body = requestBody?.content['application/json']?.schema;
      const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
      const answer = (success as Operation['requestBody'])?.content?.['application/json']?.schema;
      return [
        !summary && `${name}: summary`,
        !tags?.length && `${name}: tag`,
        body && !exampleOf(body) && `${name}: example of its body`,
        answer &&
          !['Health', 'Errors'].includes(tags?.[0] ?? '') &&
          !exampleOf(answer) &&
          name !== 'get /documentation' &&
          `${name}: example of its answer`,
        !responses['500'] && `${name}: errors`,
      ].filter(Boolean);
    });
    expect(lacking).toEqual([]);
  });

  test('has no problem that Redocly knows of', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    const told = problems.map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`,
    );
    expect(told.filter((problem) => !isOurs(problem))).toEqual([]);
  });

  test('makes a client whose types are right', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const folder = await mkdtemp(join(root, 'dist/client-'));
    try {
      await writeFile(join(folder, 'api.ts'), astToString(await openapiTS(JSON.stringify(document))));
      await writeFile(join(folder, 'use.ts'), USE);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext'];
      const more = ['--moduleResolution', 'bundler', '--ignoreConfig'];
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const run = promisify(execFile)(process.execPath, [tsc, ...options, ...more, join(folder, 'use.ts')]);
      await expect(run.catch(({ stdout }: { stdout: string }) => stdout)).resolves.toMatchObject({
        stdout: '',
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

/** What the documents and the contract want as it is. */
function isOurs(problem: string): boolean {
  // The document's own POST /{action}/{index} is as wide as any route of two parts.
  return (
    /^no-ambiguous-paths: .*`\/\{action\}\/\{index\}`/.test(problem) ||
    // Whoever asks whether the process lives is never told that it asked wrongly.
    /^operation-4xx-response: .*~1(healthz|readyz)/.test(problem)
  );
}

/** Where a type is wrong, this does not compile. */
const USE = `
import type { components, paths } from './api';
type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;
type Answer<P extends keyof paths, M extends keyof paths[P], S extends number> = paths[P][M] extends { responses: infer R } ? S extends keyof R ? R[S] extends { content: { 'application/json': infer B } } ? B : never : never : never;

export const batch: Body<'/{action}/{index}', 'post'> = { records: [{ call_id: 'a', caller: '1', callee: '2', start_time: '2024-01-15T10:30:00Z' } as components['schemas']['PlatformRecord']] };
export const extension: Body<'/extensions', 'post'> = { extension_number: '1001', name: 'x', extension_type: 'sip', config_data: {} };
// @ts-expect-error A type that is none.
export const wrong: Body<'/extensions', 'post'> = { extension_number: '1001', name: 'x', extension_type: 'h323', config_data: {} };
export const numberOf = (answer: Answer<'/extensions/{id}', 'get', 200>): string => answer.data.extension_number;
export const total = (answer: Answer<'/calls', 'get', 200>): number => answer.meta.pagination.total;
`;
