import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import { limitHandlerTime } from './limit-handler-time.ts';

const TIMEOUT_MS = 50;
let app: HttpServer;
afterEach(() => app.close());

function createApp(handle: () => Promise<unknown>): void {
  app = Fastify();
  limitHandlerTime(app, TIMEOUT_MS);
  app.setErrorHandler((error, _request, reply) =>
    reply.code((error as { status?: number }).status ?? 500).send({ message: (error as Error).message }),
  );
  app.post('/', handle);
  app.get('/', handle);
  app.get('/slow', { config: { handlerTimeoutMs: 100 * TIMEOUT_MS } }, handle);
}

test.each(['GET', 'POST'] as const)(
  'limitHandlerTime responds 503 to a %s that takes too long',
  async (method) => {
    createApp(() => sleep(10 * TIMEOUT_MS, {}, { ref: false }));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const response = await fetch(url, {
      method,
      ...(method === 'POST' && { body: '{"a":1}', headers: { 'content-type': 'application/json' } }),
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('took too long') });
  },
);

test('limitHandlerTime allows a route more time, and any time for a body to arrive', async () => {
  createApp(() => sleep(2 * TIMEOUT_MS, { done: true }));
  expect((await app.inject('/slow')).json()).toEqual({ done: true });
  await app.close();
  createApp(async () => ({ fine: true }));
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
  request.write('{"a":');
  await sleep(4 * TIMEOUT_MS);
  request.end('1}');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
});

test('limitHandlerTime leaves a response in time alone', async () => {
  createApp(async () => ({ fine: true }));
  const response = await app.inject({ method: 'POST', url: '/', payload: {} });
  await sleep(2 * TIMEOUT_MS);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ fine: true });
});
