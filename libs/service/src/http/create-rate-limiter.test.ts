import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type Principal } from '@oriontel/contracts';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { connectLimitRedis } from './connect-limit-redis.ts';
import type { RateLimitOptions } from './create-rate-limiter.ts';
import type { LimitCategory } from './route-config.ts';
import { createTestServer } from './testing.ts';

const redisUrl = inject('redisUrl');
const limits: Record<LimitCategory, number> = {
  cdr: 10,
  events: 5,
  logs: 6,
  gateways: 7,
  qr: 8,
  board: 9,
  signed_in: 4,
  guest: 3,
};

/** Accepts `user <name>`. */
async function authenticate(authorization: string | undefined): Promise<Principal | null> {
  if (authorization === undefined) return null;
  const [, id] = /^user (\S+)$/.exec(authorization) ?? [];
  if (!id) throw new Failure('unauthorized', 'Invalid credentials.');
  return { kind: 'key', id, orgId: 1, scopes: ['cdr:write'], name: id };
}

async function connectRedis(url: string) {
  const redis = connectLimitRedis(url);
  onTestFinished(() => redis.disconnect());
  if (redis.status !== 'ready')
    await Promise.race([once(redis, 'ready').catch(() => undefined), sleep(2_000)]);
  return redis;
}

async function createLimitedApi(overrides: Partial<RateLimitOptions> = {}, trustProxy: string[] = []) {
  const outages: string[] = [];
  const { app } = await createTestServer(
    (inner) => {
      const config = { family: 'oriontel', access: 'anyone' } as const;
      inner.get('/open', { config }, async () => 'ok');
      inner.get('/health', { config: { ...config, limit: 'none' } }, async () => 'ok');
      inner.get('/login', { config: { ...config, limit: 'guest' } }, async () => 'ok');
      const access = { roles: [], scope: 'cdr:write' } as const;
      inner.get('/closed', { config: { family: 'oriontel', access } }, async () => 'ok');
      for (const limit of ['cdr', 'events', 'logs', 'gateways', 'qr', 'board'] as const)
        inner.get(`/${limit}`, { config: { family: 'platform', access, limit } }, async () => 'ok');
    },
    authenticate,
    {
      rateLimits: { limits, onRedisUnavailable: (error) => outages.push(error.message), ...overrides },
      trustProxy,
    },
  );
  onTestFinished(() => app.close());
  async function get(
    url: string,
    { as, from, headers = {} }: { as?: string; from?: string; headers?: Record<string, string> } = {},
  ) {
    return app.inject({
      url,
      headers: { ...headers, ...(as && { authorization: `user ${as}` }) },
      ...(from && { remoteAddress: from }),
    });
  }
  /** Sends concurrent requests and counts their statuses. */
  async function burst(times: number, ...args: Parameters<typeof get>) {
    const responses = await Promise.all(Array.from({ length: times }, () => get(...args)));
    const counts: Record<number, number> = {};
    for (const { statusCode } of responses) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
    return counts;
  }
  return { get, burst, outages };
}

const newUser = () => randomUUID();
const newAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

const stores = [
  ['in memory', async () => ({})],
  ...(redisUrl ? [['in Redis', async () => ({ redis: await connectRedis(redisUrl) })] as const] : []),
] as const;

describe.each(stores)('rate limits %s', (_where, createStore) => {
  test('allow exactly the limit of a burst', async () => {
    const { burst } = await createLimitedApi(await createStore());
    expect(await burst(30, '/closed', { as: newUser() })).toEqual({ 200: 4, 429: 26 });
    expect(await burst(30, '/open', { from: newAddress() })).toEqual({ 200: 3, 429: 27 });
  });

  test('count each category, principal and address separately', async () => {
    const { burst } = await createLimitedApi(await createStore());
    const [user, otherUser] = [newUser(), newUser()];
    for (const limit of ['cdr', 'events', 'logs', 'gateways', 'qr'] as const)
      expect((await burst(12, `/${limit}`, { as: user }))[200]).toBe(limits[limit]);
    expect(await burst(5, '/closed', { as: user })).toEqual({ 200: 4, 429: 1 });
    expect(await burst(4, '/closed', { as: otherUser })).toEqual({ 200: 4 });
    const [address, otherAddress] = [newAddress(), newAddress()];
    expect(await burst(3, '/open', { from: address })).toEqual({ 200: 3 });
    expect(await burst(3, '/open', { from: otherAddress })).toEqual({ 200: 3 });
    expect(await burst(1, '/open', { from: address })).toEqual({ 429: 1 });
  });

  test('are reported in the headers of every response and in the body of a 429', async () => {
    const { get } = await createLimitedApi(await createStore());
    const as = newUser();
    for (const remaining of ['3', '2', '1', '0']) {
      const { headers } = await get('/closed', { as });
      expect(headers).toMatchObject({ 'ratelimit-limit': '4', 'ratelimit-remaining': remaining });
      expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(50);
      expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
    }
    const rejected = await get('/closed', { as });
    const retryAfter = rejected.headers['retry-after'];
    expect(rejected.statusCode).toBe(429);
    expect(rejected.headers).toMatchObject({
      'ratelimit-limit': '4',
      'ratelimit-remaining': '0',
      'ratelimit-reset': retryAfter,
      'x-api-version': '1.0',
    });
    expect(rejected.json()).toMatchObject({
      error: {
        code: 429,
        message: `Rate limit of 4 requests per minute exceeded. Retry in ${retryAfter} seconds.`,
      },
    });
  });

  test('are reported in the error format of the family', async () => {
    const { get, burst } = await createLimitedApi(await createStore());
    const as = newUser();
    await burst(limits.qr, '/qr', { as });
    const rejected = await get('/qr', { as });
    expect(rejected.statusCode).toBe(429);
    expect(rejected.headers['content-type']).toContain('application/xml');
    expect(rejected.body).toContain('<code>429</code>');
  });

  test('count rejected requests too: 401, 403, 404 and 405', async () => {
    const { burst, get } = await createLimitedApi(await createStore());
    const invalid = { headers: { authorization: 'nonsense' }, from: newAddress() };
    expect(await burst(5, '/closed', invalid)).toEqual({ 401: 3, 429: 2 });
    expect(await burst(5, '/nowhere', { from: newAddress() })).toEqual({ 404: 3, 429: 2 });
    expect(await burst(6, '/nowhere', { as: newUser() })).toEqual({ 404: 4, 429: 2 });
    expect((await get('/nowhere', { as: newUser() })).headers['ratelimit-remaining']).toBe('3');
    const guest = await get('/closed', { from: newAddress() });
    expect([guest.statusCode, guest.headers['ratelimit-remaining']]).toEqual([401, '2']);
  });

  test('of category guest count per address even for signed-in users', async () => {
    const { burst } = await createLimitedApi(await createStore());
    const from = newAddress();
    expect(await burst(2, '/login', { from, as: newUser() })).toEqual({ 200: 2 });
    expect(await burst(2, '/login', { from, as: newUser() })).toEqual({ 200: 1, 429: 1 });
  });

  test('do not apply to routes with limit none', async () => {
    const { burst, get } = await createLimitedApi(await createStore());
    const from = newAddress();
    expect(await burst(50, '/health', { from })).toEqual({ 200: 50 });
    expect((await get('/open', { from })).headers['ratelimit-remaining']).toBe('2');
  });

  test('restart after the window', async () => {
    const { burst } = await createLimitedApi({ ...(await createStore()), windowMs: 1_500 });
    const as = newUser();
    expect(await burst(5, '/closed', { as })).toEqual({ 200: 4, 429: 1 });
    await expect
      .poll(() => burst(1, '/closed', { as }), { timeout: 5_000, interval: 100 })
      .toEqual({ 200: 1 });
    expect(await burst(4, '/closed', { as })).toEqual({ 200: 3, 429: 1 });
  });

  test('count one IPv6 network and a mapped IPv4 address as one sender', async () => {
    const { burst } = await createLimitedApi(await createStore());
    const network = `2001:db8:${randomInt(65_536).toString(16)}:${randomInt(65_536).toString(16)}`;
    for (const host of ['1', '2', '3']) await burst(1, '/open', { from: `${network}::${host}` });
    expect(await burst(1, '/open', { from: `${network}:a:b:c:d` })).toEqual({ 429: 1 });
    const address = newAddress();
    await burst(3, '/open', { from: address });
    expect(await burst(1, '/open', { from: `::ffff:${address}` })).toEqual({ 429: 1 });
  });
});

describe('rate limits behind a proxy', () => {
  const proxyAddress = '10.1.2.3';
  const via = (from: string, client: string) => ({ from, headers: { 'x-forwarded-for': client } });

  test('count each client of a trusted proxy separately', async () => {
    const { burst } = await createLimitedApi({}, ['10.0.0.0/8']);
    expect(await burst(4, '/open', via(proxyAddress, '192.0.2.1'))).toEqual({ 200: 3, 429: 1 });
    expect(await burst(4, '/open', via(proxyAddress, '192.0.2.2'))).toEqual({ 200: 3, 429: 1 });
    // Only the address appended by the proxy counts: a client cannot choose its own.
    expect(await burst(1, '/open', via(proxyAddress, '203.0.113.9, 192.0.2.1'))).toEqual({ 429: 1 });
  });

  test.each([
    ['no trusted proxies', []],
    ['trusted proxies of another network', ['172.16.0.0/12']],
  ])('count all clients as one sender with %s', async (_what, trustProxy) => {
    const { burst } = await createLimitedApi({}, trustProxy);
    await burst(3, '/open', via(proxyAddress, '192.0.2.1'));
    expect(await burst(1, '/open', via(proxyAddress, '192.0.2.2'))).toEqual({ 429: 1 });
  });
});

describe('rate limits with an unreachable Redis', () => {
  /** Accepts connections and never responds. */
  async function startSilentServer(): Promise<string> {
    const server = createSocketServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each([
    ['is down', async () => 'redis://127.0.0.1:1'],
    ['never responds', startSilentServer],
  ])('are counted in memory if Redis %s, which is reported once', async (_what, url) => {
    const { burst, outages } = await createLimitedApi({ redis: await connectRedis(await url()) });
    const as = newUser();
    const startedAt = performance.now();
    expect(await burst(20, '/closed', { as })).toEqual({ 200: 4, 429: 16 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await burst(20, '/closed', { as })).toEqual({ 429: 20 });
    expect(outages).toHaveLength(1);
  });
});
