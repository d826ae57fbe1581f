import { entityEventsIntake, logsIntake } from '@oriontel/activity';
import { cdrIntake, cdrTaskQueue } from '@oriontel/cdr';
import { eventlogIntake } from '@oriontel/eventlog';
import { defineQueue, connectQueues } from '@oriontel/queues';
import { recurringQueue } from '@oriontel/recurring';
import { createLogger, type KnownRoute } from '@oriontel/service';
import { monitorTaskQueue, resultsIntake } from '@oriontel/sip-gateways';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { isQueueBoardRoute } from './queue-board/queue-board.ts';
import {
  basicAuthorization,
  startTestGateway,
  PASSWORD,
  type TestResponse,
  type TestGateway,
} from './testing.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const ASSET = '/queues/static/images/logo.svg';
const LIST = '/queues/api/queues';
const QUEUE = cdrTaskQueue.name;

interface Listing {
  queues: {
    name: string;
    readOnlyMode: boolean;
    counts: Record<string, number>;
    jobs: { id: string; failedReason: string; data: unknown }[];
  }[];
}

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
function signInTo(gateway: TestGateway, username: string, password = PASSWORD, headers = {}) {
  return gateway.call('/queues/sign-in', {
    method: 'POST',
    headers: { ...FORM, ...headers },
    body: form({ username, password }),
  });
}
/** The Cookie header that a browser sends back. */
const cookieOf = ({ headers }: TestResponse): string => String(headers['set-cookie']).split(';')[0]!;

function list(gateway: TestGateway, as = gateway.admin) {
  return gateway.call<Listing>(`${LIST}?activeQueue=${QUEUE}&status=latest&page=1&jobsPerPage=10`, { as });
}
async function readTaskQueue(gateway: TestGateway): Promise<Listing['queues'][number]> {
  return (await list(gateway)).json.queues.find(({ name }) => name === QUEUE)!;
}

/** Adds a job with an invalid payload and runs a consumer, where it fails. */
async function failOneJob(gateway: TestGateway): Promise<void> {
  const { queues } = gateway;
  const { name, attempts, backoffMs } = cdrTaskQueue;
  const anything = defineQueue<unknown>({ name, attempts, backoffMs, payload: z.unknown() });
  await queues.producer(anything).add({ unknown: 'pointer' });
  const consumer = queues.consumer(cdrTaskQueue, async () => {}, { concurrency: 1, onFailure: () => {} });
  await vi.waitFor(async () => expect((await readTaskQueue(gateway)).counts['failed']).toBe(1), 15_000);
  await consumer.close(1_000);
}

let gateway: TestGateway;
let cookie: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  cookie = cookieOf(await signInTo(gateway, 'admin'));
}, 60_000);
afterAll(() => gateway.close());

describe.each([
  ['the page', '/queues'],
  ['the page with a slash', '/queues/'],
  ['the page of a queue', `/queues/queue/${QUEUE}`],
  ['an asset', ASSET],
  ['the API', LIST],
])('%s', (_what, url) => {
  test.each<[string, () => { as?: string; headers?: Record<string, string> }, number]>([
    ['no credentials', () => ({}), 401],
    ['a browser without a session', () => ({ headers: HTML }), 303],
    ['a browser with an invalid cookie', () => ({ headers: { ...HTML, cookie: `${cookie}x` } }), 303],
    ['a bad token', () => ({ as: 'Bearer nonsense' }), 401],
    ['a key', () => ({ as: gateway.ours.byKey }), 403],
    ['a key by Basic', () => ({ as: basicAuthorization(gateway.ours.key) }), 403],
    ['a key as cookie', () => ({ headers: { cookie: `oriontel_queues=${gateway.ours.key}` } }), 403],
    ['a user', () => ({ as: gateway.ours.member }), 403],
    ['a user as cookie', () => ({ headers: { cookie: asCookie(gateway.ours.member) } }), 403],
    ['a manager', () => ({ as: gateway.ours.manager }), 403],
    ['an admin by Bearer', () => ({ as: gateway.admin }), 200],
    ['an admin by cookie', () => ({ headers: { cookie: `other=1; ${cookie}` } }), 200],
    [
      'an admin by cookie, following a link of another site',
      () => ({ headers: { cookie, ...CROSS_SITE } }),
      200,
    ],
  ])('%s', async (_actor, sender, status) => {
    const response = await gateway.call(url, sender());
    expect([response.status, response.body]).toEqual([status, expect.anything()]);
    expect(response.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      ...(url !== ASSET && { 'cache-control': 'no-store' }),
      ...(status === 303 && { location: '/queues/sign-in' }),
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="OrionTel"' }),
    });
  });
});

const CROSS_SITE = { 'sec-fetch-site': 'cross-site' };
const UNTRUSTED_ORIGINS: Record<string, string>[] = [
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none', origin: 'http://localhost:80' },
  { origin: 'https://elsewhere.example' },
  { origin: 'null' },
  {},
];
const asCookie = (bearer: string): string => `oriontel_queues=${bearer.replace('Bearer ', '')}`;

describe('sign-in', () => {
  test('is a public form without scripts', async () => {
    const { status, headers, body } = await gateway.call('/queues/sign-in', { headers: HTML });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<form method="post" action="/queues/sign-in">');
    expect(body).not.toContain('<script');
    expect(headers['cache-control']).toBe('no-store');
  });

  test('of an admin sets an HttpOnly, SameSite=Strict cookie and redirects to the board', async () => {
    const response = await signInTo(gateway, 'admin');
    expect([response.status, response.headers['location']]).toEqual([303, '/queues']);
    expect(response.headers['set-cookie']).toMatch(
      /^oriontel_queues=[\w.-]+; Path=\/queues; Max-Age=3600; HttpOnly; SameSite=Strict$/,
    );
  });

  test('over https sets a Secure cookie', async () => {
    const proxied = await startTestGateway({ env: { TRUST_PROXY: '127.0.0.1' } });
    onTestFinished(() => proxied.close());
    const response = await signInTo(proxied, 'admin', PASSWORD, { 'x-forwarded-proto': 'https' });
    expect(response.headers['set-cookie']).toMatch(/; Secure$/);
  });

  test.each<[string, () => Promise<TestResponse>, number, string]>([
    ['a wrong password', () => signInTo(gateway, 'admin', 'wrong'), 401, 'Username or password is wrong.'],
    ['an unknown user', () => signInTo(gateway, '<b>', 'wrong'), 401, 'Username or password is wrong.'],
    ['no username', () => signInTo(gateway, ''), 400, 'username'],
    ['a manager', () => signInTo(gateway, 'ours-manager'), 403, 'Only admins may see the queues.'],
    ['a user', () => signInTo(gateway, 'ours-member'), 403, 'Only admins may see the queues.'],
    ['JSON', () => postJson('/queues/sign-in'), 415, 'application/x-www-form-urlencoded'],
    ['a body above the size limit', () => signInTo(gateway, 'admin', 'x'.repeat(20_000)), 413, 'too large'],
  ])('with %s shows the error in the page', async (_who, attempt, status, message) => {
    const before = await gateway.db.session.count();
    const response = await attempt();
    expect([response.status, response.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(response.body).toMatch(new RegExp(`<p role="alert">[^<]*${message}[^<]*</p>`));
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(await gateway.db.session.count()).toBe(before);
  });
  const postJson = (url: string) => gateway.call(url, { body: { username: 'admin', password: PASSWORD } });

  test('ends for a disabled admin', async () => {
    const body = { username: 'second', email: 'second@example.com', password: PASSWORD, role: 'admin' };
    const created = await gateway.call<{ data: { id: number } }>('/auth/register', {
      as: gateway.admin,
      body,
    });
    const headers = { cookie: cookieOf(await signInTo(gateway, 'second')) };
    expect((await gateway.call(LIST, { headers })).status).toBe(200);
    await gateway.db.user.update({ where: { id: created.json.data.id }, data: { disabledAt: new Date() } });
    await expect
      .poll(async () => (await gateway.call(LIST, { headers })).status, { timeout: 10_000 })
      .toBe(401);
    expect((await signInTo(gateway, 'second')).status).toBe(401);
  });

  test('shares the rate limit of /auth/login and shows it in the page', async () => {
    const limited = await startTestGateway({ env: { RATE_LIMITS: 'on', RATE_LIMIT_GUEST: '30' } });
    onTestFinished(() => limited.close());
    const { headers } = await signInTo(limited, 'admin');
    const login = await limited.call('/auth/login', { body: { username: 'admin', password: PASSWORD } });
    expect(Number(login.headers['ratelimit-remaining'])).toBe(Number(headers['ratelimit-remaining']) - 1);
    let last = await signInTo(limited, 'admin', 'wrong');
    // With another username each time: one account would be throttled first.
    for (let i = 0; i < 30 && last.status !== 429; i += 1)
      last = await signInTo(limited, `user-${i}`, 'wrong');
    expect([last.status, Number(last.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    expect(last.body).toContain('Rate limit of 30 requests per minute exceeded');
    const board = await limited.call(ASSET, { headers: { cookie: cookieOf({ headers } as TestResponse) } });
    expect([board.status, board.headers['ratelimit-limit']]).toEqual([200, '600']);
  });
});

test('repeated wrong passwords for one account are throttled here and at /auth/login', async () => {
  const throttled = await startTestGateway();
  onTestFinished(() => throttled.close());
  for (let i = 0; i < 5; i += 1) expect((await signInTo(throttled, 'admin', 'wrong')).status).toBe(401);
  const login = await throttled.call('/auth/login', { body: { username: 'admin', password: PASSWORD } });
  expect([login.status, login.headers['retry-after']]).toEqual([429, '1']);
  expect((await signInTo(throttled, 'someone', 'wrong')).status).toBe(401);
});

test('passwords and tokens are not logged', async () => {
  let lines = '';
  const log = createLogger('test', 'trace', { write: (line: string) => void (lines += line) });
  const logging = await startTestGateway({ log });
  onTestFinished(() => logging.close());
  const headers = { cookie: cookieOf(await signInTo(logging, 'admin')) };
  await signInTo(logging, 'admin', 'a wrong password');
  for (const sender of [{ cookie: `${headers.cookie}x` }, headers])
    await logging.call(LIST, { headers: sender });
  await logging.call('/queues/sign-out', { method: 'POST', headers: { ...headers, ...SAME_ORIGIN } });
  expect(lines).toContain('/queues/sign-out');
  for (const secret of [PASSWORD, 'a wrong password', headers.cookie.split('=')[1]!])
    expect(lines).not.toContain(secret);
});

describe('sign-out', () => {
  function signOut(headers: Record<string, string>) {
    return gateway.call('/queues/sign-out', { method: 'POST', headers: { ...FORM, ...headers }, body: '' });
  }

  test('is a form', async () => {
    const { status, body } = await gateway.call('/queues/sign-out', { headers: HTML });
    expect([status, body]).toEqual([200, expect.stringContaining('method="post" action="/queues/sign-out"')]);
  });

  test('deletes the cookie and ends the session', async () => {
    const own = cookieOf(await signInTo(gateway, 'admin'));
    const response = await signOut({ cookie: own, ...SAME_ORIGIN });
    expect([response.status, response.headers['location']]).toEqual([303, '/queues/sign-in']);
    expect(response.headers['set-cookie']).toMatch(/^oriontel_queues=; Path=\/queues; Max-Age=0; /);
    const again = async () => (await gateway.call(LIST, { headers: { cookie: own } })).status;
    await expect.poll(again, { timeout: 10_000 }).toBe(401);
    expect((await gateway.call(LIST, { headers: { cookie } })).status).toBe(200);
  });

  test.each([CROSS_SITE, ...UNTRUSTED_ORIGINS])(
    'with the headers of another site is rejected: %j',
    async (headers) => {
      expect((await signOut({ cookie, ...headers })).status).toBe(403);
      expect((await gateway.call(LIST, { headers: { cookie } })).status).toBe(200);
    },
  );
});

function mutatingRoutes(): KnownRoute[] {
  return gateway.app.knownRoutes.filter(
    ({ url, method }) =>
      isQueueBoardRoute(url) && !['GET', 'HEAD'].includes(method) && !url.includes('/sign-'),
  );
}
function urlOf({ url }: KnownRoute, id: string): string {
  return url
    .replace(':queueName', QUEUE)
    .replace(':jobId', id)
    .replace(':queueStatus', 'failed')
    .replace(':schedulerId', 'none');
}

describe('the board in read mode', () => {
  test('lists every queue with its failed jobs', async () => {
    await failOneJob(gateway);
    const { json } = await list(gateway);
    const names = [
      cdrIntake.queue,
      cdrTaskQueue,
      recurringQueue,
      eventlogIntake.queue,
      logsIntake.queue,
      entityEventsIntake.queue,
      resultsIntake.queue,
      monitorTaskQueue,
    ].map(({ name }) => name);
    expect(json.queues.map(({ name }) => name)).toEqual(names);
    expect(json.queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    const { counts, jobs } = await readTaskQueue(gateway);
    expect(counts).toMatchObject({ failed: 1, waiting: 0, active: 0 });
    expect(jobs).toMatchObject([{ data: { unknown: 'pointer' } }]);
    expect(jobs[0]!.failedReason).not.toBe('');
  });

  test('rejects every route that changes jobs', async () => {
    const { jobs } = await readTaskQueue(gateway);
    expect(mutatingRoutes().length).toBeGreaterThan(20);
    for (const route of mutatingRoutes()) {
      const method = route.method as 'PUT';
      const url = urlOf(route, jobs[0]!.id);
      const body = {};
      const statuses = [
        (await gateway.call(url, { method, as: gateway.admin, body })).status,
        (await gateway.call(url, { method, headers: { cookie, ...SAME_ORIGIN }, body })).status,
        (await gateway.call(url, { method, as: gateway.ours.manager, body })).status,
        (await gateway.call(url, { method, body })).status,
      ];
      expect([method, url, ...statuses]).toEqual([method, url, 405, 405, 403, 401]);
    }
    expect((await readTaskQueue(gateway)).counts['failed']).toBe(1);
  });

  test('requires an admin for every route', () => {
    const routes = gateway.app.knownRoutes.filter(
      ({ url }) => isQueueBoardRoute(url) && !url.includes('/queues/sign-'),
    );
    expect(routes.filter(({ access }) => JSON.stringify(access) !== '{"roles":["admin"]}')).toEqual([]);
    expect(routes.filter(({ hidden, limit }) => !hidden || limit !== 'board')).toEqual([]);
  });
});

describe.each(['postgres', ...(inject('redisUrl') ? ['redis'] : [])] as ('postgres' | 'redis')[])(
  'the board in write mode, with the queues in %s',
  (kind) => {
    let writing: TestGateway;
    let admin: string;
    beforeAll(async () => {
      writing = await startTestGateway({ kind, env: { QUEUE_BOARD: 'write' } });
      admin = cookieOf(await signInTo(writing, 'admin'));
      await failOneJob(writing);
    }, 60_000);
    afterAll(() => writing.close());

    async function put(action: string, sender: { as?: string; headers?: Record<string, string> }) {
      const [job] = (await readTaskQueue(writing)).jobs;
      return writing.call(`${LIST}/${QUEUE}/${job!.id}/${action}`, { method: 'PUT', ...sender });
    }

    test('rejects cross-site requests and everyone except admins', async () => {
      for (const headers of [CROSS_SITE, ...UNTRUSTED_ORIGINS]) {
        const response = await put('retry', { headers: { cookie: admin, ...headers } });
        expect([headers, response.status]).toEqual([headers, 403]);
      }
      expect((await put('clean', { as: writing.ours.manager })).status).toBe(403);
      expect((await put('clean', {})).status).toBe(401);
      expect((await readTaskQueue(writing)).counts).toMatchObject({ failed: 1, waiting: 0 });
    });

    test('retries a failed job and deletes a job', async () => {
      const retried = await put('retry', { headers: { cookie: admin, ...SAME_ORIGIN } });
      expect([retried.status, retried.body]).toEqual([204, '']);
      expect((await readTaskQueue(writing)).counts).toMatchObject({ failed: 0, waiting: 1 });
      const here = { origin: 'http://localhost:80', host: 'localhost' };
      const cleaned = await put('clean', { headers: { cookie: admin, ...here } });
      expect([cleaned.status, cleaned.body]).toEqual([204, '']);
      expect((await readTaskQueue(writing)).counts).toMatchObject({ failed: 0, waiting: 0 });
    });

    test('accepts a Bearer token without an origin', async () => {
      const url = `${LIST}/${QUEUE}/pause`;
      expect((await writing.call(url, { method: 'PUT', as: writing.admin })).status).toBe(200);
    });
  },
);

test('QUEUE_BOARD=off removes all routes of the board', async () => {
  const without = await startTestGateway({ env: { QUEUE_BOARD: 'off' } });
  onTestFinished(() => without.close());
  expect(without.app.knownRoutes.filter(({ url }) => isQueueBoardRoute(url))).toEqual([]);
  for (const url of ['/queues', '/queues/sign-in', ASSET, LIST])
    expect((await without.call(url, { as: without.admin })).status).toBe(404);
});

test('unreachable queues do not block the start and give 503 within 5 s', async () => {
  const unreachable = await connectQueues({ kind: 'redis', url: 'redis://127.0.0.1:1' }, () => {});
  onTestFinished(() => unreachable.close(0));
  const gatewayWithoutQueues = await startTestGateway({ queues: unreachable });
  onTestFinished(() => gatewayWithoutQueues.close());
  expect((await gatewayWithoutQueues.call('/queues', { as: gatewayWithoutQueues.admin })).status).toBe(200);
  const began = performance.now();
  const response = await gatewayWithoutQueues.call(LIST, { as: gatewayWithoutQueues.admin });
  expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
  expect(performance.now() - began).toBeLessThan(5_000);
});
