import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import { parseJsonBodies } from './parse-json-bodies.ts';

let app: HttpServer;
beforeAll(() => {
  app = Fastify();
  parseJsonBodies(app);
  app.post('/', async ({ body }) => ({ body }));
});
afterAll(() => app.close());

function post(payload: string) {
  return app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, payload });
}
const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

test('bodies up to the limits are parsed', async () => {
  expect((await post('{"a":"[[["}')).json()).toEqual({ body: { a: '[[[' } });
  expect((await post(nest(100))).statusCode).toBe(200);
  expect((await post(`[${'1,'.repeat(99_998)}1]`)).statusCode).toBe(200);
});

test.each([
  ['101 levels', nest(101), /100 levels/],
  ['brackets without an end', '['.repeat(900_000), /100 levels/],
  ['100,001 values', `[${'1,'.repeat(100_000)}1]`, /100000 values/],
])('%s are refused', async (_, payload, message) => {
  await expect(post(payload).then(({ body }) => body)).resolves.toMatch(message);
});
