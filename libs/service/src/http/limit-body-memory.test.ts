import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import { limitBodyMemory } from './limit-body-memory.ts';

const LIMITS = { totalBytes: 1_000, perSenderBytes: 600 };

let app: HttpServer;
let port: number;
beforeEach(async () => {
  app = Fastify({ bodyLimit: 500, forceCloseConnections: true });
  app.decorateRequest('principal', null as never);
  app.addHook('onRequest', async (request) => {
    request.principal = { kind: 'key', id: String(request.headers['x-sender']) } as never;
  });
  limitBodyMemory(app, LIMITS);
  app.post('/', async () => 'done');
  await app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = app.server.address() as AddressInfo);
});
afterEach(() => app.close());

/** Begins a request and keeps its body back. */
function begin(sender: string, headers: Record<string, string | number>): ClientRequest {
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    agent: false,
    headers: { 'x-sender': sender, 'content-type': 'application/json', ...headers },
  });
  request.on('error', () => undefined);
  request.write('[');
  return request;
}
async function statusOf(request: ClientRequest): Promise<number> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode!;
}
async function send(sender: string, length: number): Promise<number> {
  const request = begin(sender, { 'content-length': length });
  request.end(`${' '.repeat(length - 2)}]`);
  return statusOf(request);
}
/** Waits until the server has seen the requests. */
const seen = (count: number) =>
  expect.poll(() => new Promise((done) => app.server.getConnections((_, n) => done(n)))).toBe(count);

test('a sender may not have more bytes in flight than its limit; others may', async () => {
  const open = begin('a', { 'content-length': 400 });
  await seen(1);
  expect([await send('a', 300), await send('b', 300), await send('a', 200)]).toEqual([429, 200, 200]);
  open.end(`${' '.repeat(398)}]`);
  expect(await statusOf(open)).toBe(200);
  expect(await send('a', 500)).toBe(200);
});

test('all senders together may not have more than the total, chunked bodies included', async () => {
  const [first, second] = [
    begin('a', { 'transfer-encoding': 'chunked' }),
    begin('b', { 'content-length': 450 }),
  ];
  await seen(2);
  expect([await send('c', 51), await send('c', 50)]).toEqual([503, 200]);
  first.destroy();
  second.destroy();
  await seen(0);
  expect(await send('c', 500)).toBe(200);
});
