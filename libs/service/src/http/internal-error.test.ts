import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import { createTestServer } from './testing.ts';

let store: TestDatabase;
let app: HttpServer;
beforeAll(async () => {
  store = await createTestDatabase();
  ({ app } = await createTestServer((routes) => {
    // The database is reachable, but its schema is not the expected one.
    routes.get('/broken', { config: { family: 'platform', access: 'anyone' } }, async () => {
      return store.db.$queryRaw`SELECT 1 FROM missing_table`;
    });
  }));
});
afterAll(async () => {
  await app.close();
  await store.drop();
});

const INTERNALS = /missing_table|relation|SQL|prisma|\.ts/i;

test('an unexpected database error is a 500 in XML without internals', async () => {
  const { statusCode, headers, body } = await app.inject({ url: '/broken' });
  expect(statusCode).toBe(500);
  expect(headers['content-type']).toMatch(/^application\/xml/);
  expect(body).toContain('<code>500</code>');
  expect(body).toContain('<message>Internal Server Error</message>');
  expect(body).not.toMatch(INTERNALS);
});

test('an unexpected database error is a 500 in JSON without internals', async () => {
  const response = await app.inject({ url: '/broken', headers: { accept: 'application/json' } });
  expect(response.statusCode).toBe(500);
  expect(response.json<{ error: object }>().error).toMatchObject({
    code: 500,
    message: 'Internal Server Error',
  });
  expect(response.body).not.toMatch(INTERNALS);
});
