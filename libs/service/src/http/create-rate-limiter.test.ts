import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
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

/** `user <name>` is signed in as that, by whatever token. */
async function authenticate(authorization: string | undefined): Promise<Principal | null> {
  if (authorization === undefined) return null;
  const [, id] = /^user (\S+)$/.exec(authorization) ?? [];
  if (!id) throw new Failure('unauthorized', 'Not good.');
  return { kind: 'key', id, orgId: 1, scopes: ['cdr:write'], name: id };
}

async function reachRedis(url: string) {
  const redis = connectLimitRedis(url);
  onTestFinished(() => redis.disconnect());
  if (redis.status !== 'ready')
    await Promise.race([once(redis, 'ready').catch(() => undefined), pause(2_000)]);
  return redis;
}

async function open(given: Partial<RateLimitOptions> = {}, trustProxy: string[] = []) {
  const away: string[] = [];
  const { app } = await createTestServer(
    (inner) => {
      const open = { family: 'oriontel', access: 'anyone' } as const;
      inner.get('/open', { config: open }, async () => 'ok');
      inner.get('/health', { config: { ...open, limit: 'none' } }, async () => 'ok');
      inner.get('/login', { config: { ...open, limit: 'guest' } }, async () => 'ok');
      const access = { roles: [], scope: 'cdr:write' } as const;
      inner.get('/closed', { config: { family: 'oriontel', access } }, async () => 'ok');
      for (const limit of ['cdr', 'events', 'logs', 'gateways', 'qr', 'board'] as const)
        inner.get(`/${limit}`, { config: { family: 'platform', access, limit } }, async () => 'ok');
    },
    authenticate,
    { rateLimits: { limits, onRedisUnavailable: (error) => away.push(error.message), ...given }, trustProxy },
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
  /** The statuses of so many requests at once, counted. */
  async function burst(times: number, ...args: Parameters<typeof get>) {
    const answers = await Promise.all(Array.from({ length: times }, () => get(...args)));
    const counts: Record<number, number> = {};
    for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
    return counts;
  }
  return { get, burst, away };
}

const someone = () => randomUUID();
const somewhere = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

const stores = [
  ['in memory', async () => ({})],
  ...(redisUrl ? [['in Redis', async () => ({ redis: await reachRedis(redisUrl) })] as const] : []),
] as const;

describe.each(stores)('limits kept %s', (_where, store) => {
  test('let through as many requests of a burst as they say, and not one more', async () => {
    const { burst } = await open(await store());
    expect(await burst(30, '/closed', { as: someone() })).toEqual({ 200: 4, 429: 26 });
    expect(await burst(30, '/open', { from: somewhere() })).toEqual({ 200: 3, 429: 27 });
  });

  test('count each category, each principal and each address for itself', async () => {
    const { burst } = await open(await store());
    const [one, other] = [someone(), someone()];
    for (const limit of ['cdr', 'events', 'logs', 'gateways', 'qr'] as const)
      expect((await burst(12, `/${limit}`, { as: one }))[200]).toBe(limits[limit]);
    expect(await burst(5, '/closed', { as: one })).toEqual({ 200: 4, 429: 1 });
    expect(await burst(4, '/closed', { as: other })).toEqual({ 200: 4 });
    const [here, there] = [somewhere(), somewhere()];
    expect(await burst(3, '/open', { from: here })).toEqual({ 200: 3 });
    expect(await burst(3, '/open', { from: there })).toEqual({ 200: 3 });
    expect(await burst(1, '/open', { from: here })).toEqual({ 429: 1 });
  });

  test('say in headers of every answer what is left, and in the body of a 429 what to do', async () => {
    const { get } = await open(await store());
    const as = someone();
    for (const remaining of ['3', '2', '1', '0']) {
      const { headers } = await get('/closed', { as });
      expect(headers).toMatchObject({ 'ratelimit-limit': '4', 'ratelimit-remaining': remaining });
      expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(50);
      expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
    }
    const refused = await get('/closed', { as });
    const wait = refused.headers['retry-after'];
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({
      'ratelimit-limit': '4',
      'ratelimit-remaining': '0',
      'ratelimit-reset': wait,
      'x-api-version': '1.0',
    });
    expect(refused.json()).toMatchObject({
      error: { code: 429, message: `Rate limit of 4 requests a minute exceeded: try again in ${wait} s.` },
    });
  });

  test('are refused in the format of the family', async () => {
    const { get, burst } = await open(await store());
    const as = someone();
    await burst(limits.qr, '/qr', { as });
    const refused = await get('/qr', { as });
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['content-type']).toContain('application/xml');
    expect(refused.body).toContain('<code>429</code>');
  });

  test('count what is refused too: 401, 403, 404 and 405', async () => {
    const { burst, get } = await open(await store());
    const bad = { headers: { authorization: 'nonsense' }, from: somewhere() };
    expect(await burst(5, '/closed', bad)).toEqual({ 401: 3, 429: 2 });
    expect(await burst(5, '/nowhere', { from: somewhere() })).toEqual({ 404: 3, 429: 2 });
    expect(await burst(6, '/nowhere', { as: someone() })).toEqual({ 404: 4, 429: 2 });
    expect((await get('/nowhere', { as: someone() })).headers['ratelimit-remaining']).toBe('3');
    const guest = await get('/closed', { from: somewhere() });
    expect([guest.statusCode, guest.headers['ratelimit-remaining']]).toEqual([401, '2']);
  });

  test('count an address where a password could be guessed, whoever signed in', async () => {
    const { burst } = await open(await store());
    const from = somewhere();
    expect(await burst(2, '/login', { from, as: someone() })).toEqual({ 200: 2 });
    expect(await burst(2, '/login', { from, as: someone() })).toEqual({ 200: 1, 429: 1 });
  });

  test('leave those alone who ask whether it lives', async () => {
    const { burst, get } = await open(await store());
    const from = somewhere();
    expect(await burst(50, '/health', { from })).toEqual({ 200: 50 });
    expect((await get('/open', { from })).headers['ratelimit-remaining']).toBe('2');
  });

  test('begin anew when the window is over', async () => {
    const { burst } = await open({ ...(await store()), windowMs: 1_500 });
    const as = someone();
    expect(await burst(5, '/closed', { as })).toEqual({ 200: 4, 429: 1 });
    await expect
      .poll(() => burst(1, '/closed', { as }), { timeout: 5_000, interval: 100 })
      .toEqual({ 200: 1 });
    expect(await burst(4, '/closed', { as })).toEqual({ 200: 3, 429: 1 });
  });

  test('take the addresses of one IPv6 network for one sender, and a mapped IPv4 address for itself', async () => {
    const { burst } = await open(await store());
    const network = `2001:db8:${randomInt(65_536).toString(16)}:${randomInt(65_536).toString(16)}`;
    for (const host of ['1', '2', '3']) await burst(1, '/open', { from: `${network}::${host}` });
    expect(await burst(1, '/open', { from: `${network}:a:b:c:d` })).toEqual({ 429: 1 });
    const address = somewhere();
    await burst(3, '/open', { from: address });
    expect(await burst(1, '/open', { from: `::ffff:${address}` })).toEqual({ 429: 1 });
  });
});

describe('behind a proxy', () => {
  const proxy = '10.1.2.3';
  const via = (from: string, client: string) => ({ from, headers: { 'x-forwarded-for': client } });

  test('that is trusted, each client counts for itself', async () => {
    const { burst } = await open({}, ['10.0.0.0/8']);
    expect(await burst(4, '/open', via(proxy, '192.0.2.1'))).toEqual({ 200: 3, 429: 1 });
    expect(await burst(4, '/open', via(proxy, '192.0.2.2'))).toEqual({ 200: 3, 429: 1 });
    // The client cannot choose who it is: only what the last proxy saw counts.
    expect(await burst(1, '/open', via(proxy, '203.0.113.9, 192.0.2.1'))).toEqual({ 429: 1 });
  });

  test.each([
    ['nobody trusts', []],
    ['of another network', ['172.16.0.0/12']],
  ])('that %s, all it forwards count as one', async (_what, trustProxy) => {
    const { burst } = await open({}, trustProxy);
    await burst(3, '/open', via(proxy, '192.0.2.1'));
    expect(await burst(1, '/open', via(proxy, '192.0.2.2'))).toEqual({ 429: 1 });
  });
});

describe('a Redis out of reach', () => {
  /** Something that takes connections and never says a word. */
  async function silentServer(): Promise<string> {
    const server = createSocketServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each([
    ['that is down', async () => 'redis://127.0.0.1:1'],
    ['that never answers', silentServer],
  ])('%s: limits are kept in memory meanwhile, and it is told once', async (_what, url) => {
    const { burst, away } = await open({ redis: await reachRedis(await url()) });
    const as = someone();
    const began = performance.now();
    expect(await burst(20, '/closed', { as })).toEqual({ 200: 4, 429: 16 });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await burst(20, '/closed', { as })).toEqual({ 429: 20 });
    expect(away).toHaveLength(1);
  });
});
