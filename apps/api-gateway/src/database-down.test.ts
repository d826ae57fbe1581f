import { buildBatch } from '@oriontel/cdr/testing';
import { startStoreProxy, type StoreProxy } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type ErrorBody, type IntakeBody, type TestGateway } from './testing.ts';

let gateway: TestGateway;
let proxy: StoreProxy;
beforeAll(async () => {
  gateway = await startTestGateway({
    async databaseUrl(url) {
      proxy = await startStoreProxy(url);
      return proxy.url;
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});

function post() {
  return gateway.call<IntakeBody & ErrorBody>('/cdr/outage', {
    as: gateway.ours.byKey,
    headers: { accept: 'application/json' },
    body: buildBatch(1),
  });
}
async function countIntakeRows() {
  return (await gateway.db.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count FROM intake`)[0]
    .count;
}

describe.each([
  ['down', 2_000],
  ['silent', 6_000],
] as const)('while PostgreSQL is %s', (state, maxMs) => {
  beforeAll(() => proxy.setState(state));
  afterAll(() => proxy.setState('up'));

  test('a batch is 503 with Retry-After within the time limit, without internals', async () => {
    const startedAt = performance.now();
    const { status, headers, json } = await post();
    expect([status, headers['retry-after']]).toEqual([503, '2']);
    expect(performance.now() - startedAt).toBeLessThan(maxMs);
    expect(json.error.message).not.toMatch(/127\.0\.0\.1|prisma|ECONN|pool/i);
  });
  test.each([
    '/cdrs',
    '/cdrs/quarantine',
    '/cdr/outage',
    '/cdrs/018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d',
    '/auth/me',
  ])('GET %s is 503', async (url) =>
    expect((await gateway.call(url, { as: gateway.ours.manager })).status).toBe(503),
  );
  test('sign-in and registration are 503', async () => {
    const login = { username: 'admin', password: 'correct horse battery' };
    expect((await gateway.call('/auth/login', { body: login })).status).toBe(503);
    expect(
      (
        await gateway.call('/auth/register', {
          body: { ...login, username: 'new', email: 'new@example.com' },
        })
      ).status,
    ).toBe(503);
  });
  test('/healthz is 200 and /readyz is 503', async () => {
    expect((await gateway.call('/healthz')).status).toBe(200);
    expect((await gateway.call('/readyz')).status).toBe(503);
  });
});

test('batches sent during the outage are not stored; later ones are accepted again', async () => {
  expect(await countIntakeRows()).toBe(0);
  await expect.poll(async () => (await post()).status, { timeout: 10_000 }).toBe(200);
  expect(await countIntakeRows()).toBe(1);
  expect((await gateway.call('/readyz')).status).toBe(200);
});
