import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Enveloped, EnvelopedPage, envelope, envelopePage } from '../http/envelope.ts';
import type { HttpServer } from '../http/http-server.ts';
import { createTestApi, type TestClient } from '../testing.ts';
import { createDocumentation } from './create-documentation.ts';
import { documentationRoutes } from './documentation-routes.ts';

const Thing = z
  .object({
    id: z.int().min(1).max(10),
    name: z.string().meta({ description: 'A <b>display</b> name' }),
    kind: z.enum(['red', 'blue']).default('red'),
    since: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Thing', examples: [{ id: 1, name: 'x', kind: 'red', since: '2024-01-15T12:00:00Z' }] });

function addRoutes(app: HttpServer): void {
  const common = { family: 'oriontel' } as const;
  app.get(
    '/things',
    {
      config: { ...common, access: 'guest' },
      schema: {
        tags: ['Things'],
        summary: 'List things',
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
        response: { 200: EnvelopedPage(Thing) },
      },
    },
    async () => envelopePage({ items: [], total: 0 }, { limit: 1, offset: 0 }, (thing) => thing),
  );
  app.get(
    '/things/:id',
    {
      config: { ...common, access: 'signed-in', limit: 'qr' },
      schema: {
        tags: ['Things'],
        summary: 'Get a thing',
        description: 'A **bold** description.',
        params: z.object({ id: z.string() }),
        response: { 200: Enveloped(Thing) },
      },
    },
    async () => envelope({ id: 1, name: 'x', kind: 'red' as const, since: null }),
  );
  app.post(
    '/things',
    {
      config: { ...common, access: { roles: ['admin'], scope: 'cdr:write' }, errors: ['conflict'] },
      schema: {
        tags: ['Things'],
        summary: 'Create a thing',
        body: Thing,
        response: { 201: Enveloped(Thing) },
      },
    },
    async ({ body }, reply) => reply.code(201).send(envelope(body)),
  );
  for (const action of ['start', 'stop'])
    app.post(
      `/${action}/:id`,
      {
        config: {
          ...common,
          access: { roles: ['admin'] },
          documentedAs: '/{action}/{id}',
          documentedBody: z.object({ reason: z.string() }),
        },
        schema: { tags: ['Things'], summary: 'Run an action', params: z.object({ id: z.string() }) },
      },
      async () => null,
    );
  app.get(
    '/files/*',
    {
      config: {
        ...common,
        access: 'anyone',
        limit: 'none',
        documentedAs: '/files/{path}',
        produces: ['text/csv'],
      },
      schema: { tags: ['Things'], summary: 'Get a file', params: z.object({ '*': z.string() }) },
    },
    async () => '',
  );
  app.get('/hidden', { config: { ...common, access: 'anyone' }, schema: { hide: true } }, async () => '');
}

interface Operation {
  operationId: string;
  description: string;
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: object;
  security: object[];
  responses: Record<string, { $ref?: string; description?: string }>;
  'x-roles'?: string[];
  'x-scope'?: string;
}
interface Document {
  openapi: string;
  info: { title: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, { properties: Record<string, object> }>;
    responses: Record<string, object>;
  };
}

let app: HttpServer;
let call: TestClient;
let document: Document;
beforeAll(async () => {
  ({ app, call } = await createTestApi(async (server) => {
    const read = await createDocumentation(server, {
      title: 'Test API',
      description: 'About <it>.',
      version: '1.0',
      license: { name: 'MIT', identifier: 'MIT' },
      tags: { Things: 'Everything about things.', Documentation: 'This document.' },
    });
    await server.register(documentationRoutes, { read });
    await server.register(async (routes) => addRoutes(routes));
  }));
  document = (await call<Document>('/documentation')).json;
});
afterAll(() => app.close());

describe('GET /documentation', () => {
  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['text/html', 'text/html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['application/json;q=0.5,text/html;q=0.4', 'application/json'],
    ['image/png', 'application/json'],
  ])('with Accept %s returns %s', async (accept, type) => {
    const response = await call('/documentation', { headers: accept ? { accept } : {} });
    expect([response.status, response.headers['content-type']]).toEqual([200, expect.stringContaining(type)]);
  });

  test('is the target of the redirect from /', async () => {
    const response = await call('/');
    expect([response.status, response.headers['location']]).toEqual([302, '/documentation']);
  });

  test('is public, even with an invalid token', async () => {
    expect((await call('/documentation', { as: 'Bearer nonsense' })).status).toBe(200);
  });

  test('as a page lists every operation, without scripts or third-party content', async () => {
    const page = await call('/documentation', { headers: { accept: 'text/html' } });
    for (const { operationId } of Object.values(document.paths).flatMap((methods) => Object.values(methods)))
      expect(page.body).toContain(`id="${operationId}"`);
    expect(page.body).not.toMatch(/<script|javascript:|undefined|\[object Object\]/);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('as a page escapes texts and renders members, examples and ranges', async () => {
    const { body } = await call('/documentation', { headers: { accept: 'text/html' } });
    expect(body).toContain('About &lt;it&gt;.');
    expect(body).toContain('A &lt;b&gt;display&lt;/b&gt; name');
    expect(body).toContain('A <strong>bold</strong> description.');
    expect(body).toContain('red | blue');
    expect(body).toContain('at least 1, at most 500, default 100');
    expect(body).toContain('&quot;since&quot;: &quot;2024-01-15T12:00:00Z&quot;');
  });
});

describe('the OpenAPI document', () => {
  test('has every route except hidden ones', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/documentation',
      '/files/{path}',
      '/things',
      '/things/{id}',
      '/{action}/{id}',
    ]);
    expect(document.tags).toEqual([
      { name: 'Things', description: 'Everything about things.' },
      { name: 'Documentation', description: 'This document.' },
    ]);
  });

  test('names operations after their summaries', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.sort()).toEqual([
      'createAThing',
      'getAFile',
      'getAThing',
      'getTheAPIReference',
      'listThings',
      'runAnAction',
    ]);
  });

  test('states access, credentials and rate limit of an operation', () => {
    const { get: list, post: create } = document.paths['/things']!;
    expect(list).toMatchObject({ security: [{}, { token: [] }] });
    expect(list!.description).toContain('**Access:** public; authenticated users may see more.');
    expect(create).toMatchObject({
      security: [{ token: [] }, { basic: [] }],
      'x-roles': ['admin'],
      'x-scope': 'cdr:write',
    });
    expect(create!.description).toContain('**Access:** admin, API keys with scope cdr:write.');
    const get = document.paths['/things/{id}']!['get']!;
    expect(get.security).toEqual([{ token: [] }]);
    expect(get.description).toContain('**Access:** any signed-in user.\n\n**Rate limit:** qr.');
    const file = document.paths['/files/{path}']!['get']!;
    expect(file).toMatchObject({ security: [], description: '**Access:** public.' });
  });

  test('lists the error responses of an operation', () => {
    const statuses = (path: string, method: string) => Object.keys(document.paths[path]![method]!.responses);
    expect(statuses('/things', 'post')).toEqual([
      ...['201', '400', '401', '403', '409', '413', '415', '429', '500', '503'],
    ]);
    expect(statuses('/things/{id}', 'get')).toEqual([
      ...['200', '400', '401', '403', '404', '429', '500', '503'],
    ]);
    expect(statuses('/files/{path}', 'get')).toEqual(['200', '400', '500', '503']);
    expect(Object.keys(document.components.responses)).toContain('conflict');
    expect(Object.keys(document.components.responses)).not.toContain('bad_gateway');
  });

  test('merges routes that are documented as one path', () => {
    const action = document.paths['/{action}/{id}']!['post']!;
    expect(action.parameters).toEqual([
      { name: 'action', in: 'path', required: true, schema: { type: 'string', enum: ['start', 'stop'] } },
      expect.objectContaining({ name: 'id', in: 'path' }),
    ]);
    expect(action.requestBody).toMatchObject({ content: { 'application/json': {} } });
  });

  test('names a wildcard parameter and lists media types other than JSON', () => {
    const file = document.paths['/files/{path}']!['get']!;
    expect(file.parameters).toMatchObject([{ name: 'path', in: 'path' }]);
    expect(file.responses['200']).toMatchObject({ content: { 'text/csv': { schema: { type: 'string' } } } });
  });

  test('has one schema per type without redundant bounds and patterns', () => {
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Thing']));
    const { since } = document.components.schemas['Thing']!.properties;
    expect(JSON.stringify(since)).not.toContain('pattern');
    expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
    expect(JSON.stringify(document)).not.toContain('$schema');
  });
});
