import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { buildBatch } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestGateway, type ErrorBody, type IntakeBody, type TestGateway } from './testing.ts';

type State = 'up' | 'down' | 'silent';

/** A way to a server that can be cut, or fall silent. */
async function openRoad(target: URL) {
  let state: State = 'up';
  const sockets = new Set<Socket>();
  function keep(socket: Socket): Socket {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }
  const server = createServer((socket) => {
    keep(socket);
    if (state === 'down') return void socket.destroy();
    if (state === 'silent') return;
    const other = keep(connect(Number(target.port || 5432), target.hostname));
    socket.pipe(other).pipe(socket);
    socket.on('close', () => other.destroy());
    other.on('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    become(next: State): void {
      state = next;
      for (const socket of sockets) socket.destroy();
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let gateway: TestGateway;
let road: Awaited<ReturnType<typeof openRoad>>;
beforeAll(async () => {
  road = await openRoad(new URL(inject('databaseUrl')));
  gateway = await startTestGateway({
    databaseUrl(url) {
      return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(road.port) }).href;
    },
  });
});
afterAll(async () => {
  await gateway.close();
  road.become('down');
  await road.close();
});

function post() {
  return gateway.call<IntakeBody & ErrorBody>('/cdr/outage', {
    as: gateway.ours.byKey,
    headers: { accept: 'application/json' },
    body: buildBatch(1),
  });
}
async function accepted() {
  return (await gateway.db.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count FROM intake`)[0]
    .count;
}

describe.each([
  ['down', 2_000],
  ['silent', 6_000],
] as const)('while PostgreSQL is %s', (state, longest) => {
  beforeAll(() => road.become(state));
  afterAll(() => road.become('up'));

  test('a batch is 503 with Retry-After, soon, and tells nothing of the inside', async () => {
    const begun = performance.now();
    const { status, headers, json } = await post();
    expect([status, headers['retry-after']]).toEqual([503, '2']);
    expect(performance.now() - begun).toBeLessThan(longest);
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
  test('signing in and registering are 503', async () => {
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
  test('the process lives and says that it is not ready', async () => {
    expect((await gateway.call('/healthz')).status).toBe(200);
    expect((await gateway.call('/readyz')).status).toBe(503);
  });
});

test('of what was sent meanwhile nothing is there; what is sent after it is accepted again', async () => {
  expect(await accepted()).toBe(0);
  await expect.poll(async () => (await post()).status, { timeout: 10_000 }).toBe(200);
  expect(await accepted()).toBe(1);
  expect((await gateway.call('/readyz')).status).toBe(200);
});
