import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPostClient, type PostClientOptions } from './create-post-client.ts';
import type { Resolve } from './public-host.ts';
import { readRequest, startRawServer, startTestServer } from './testing.ts';

interface ReceivedRequest {
  body: string;
  headers: IncomingMessage['headers'];
}
type Handler = (response: ServerResponse, request: IncomingMessage) => unknown;

async function startReceiver(handle: Handler = (response) => response.writeHead(204).end()) {
  const received: ReceivedRequest[] = [];
  const state = { handle };
  const server = await startTestServer(async (request, response) => {
    received.push({ body: await readRequest(request), headers: request.headers });
    await state.handle(response, request);
  });
  onTestFinished(server.close);
  return { ...server, received, state };
}

const hang: Handler = () => undefined;

function createSender(options: Partial<PostClientOptions> = {}) {
  const client = createPostClient({
    allowPrivate: true,
    timeoutMs: 15_000,
    maxTextBytes: 1_024,
    isBodyRequired: false,
    ...options,
  });
  onTestFinished(client.close);
  return function send(url: string, signal = new AbortController().signal) {
    const message = {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"é":1}'),
      sign: (body: Buffer, sentAt: Date) => ({ signature: `${body.length} ${sentAt.getFullYear()}` }),
    };
    return client.post(new URL(url), message, signal);
  };
}

async function speakRaw(text: string): Promise<string> {
  const server = await startRawServer((socket) => socket.end(text));
  onTestFinished(server.close);
  return server.url;
}

test('post sends the body with its headers, length and signature', async () => {
  const receiver = await startReceiver((response) =>
    response.writeHead(201, { 'retry-after': '7' }).end('thanks'),
  );
  expect(await createSender()(receiver.url)).toEqual({ status: 201, retryAfterSeconds: 7, text: 'thanks' });
  expect(receiver.received).toMatchObject([
    {
      body: '{"é":1}',
      headers: {
        'content-type': 'application/json',
        'content-length': '8',
        signature: `8 ${new Date().getFullYear()}`,
      },
    },
  ]);
});

describe('a client without allowPrivate', () => {
  const loopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const refused = { code: 'EPRIVATE' };

  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '[::1]', '0x7f000001', '0.0.0.0', '169.254.169.254'])(
    'rejects the private address %s in a URL',
    async (host) => {
      const receiver = await startReceiver();
      const send = createSender({ allowPrivate: false });
      await expect(send(`http://${host}:${receiver.port}/`)).rejects.toMatchObject(refused);
      expect(receiver.received).toEqual([]);
    },
  );

  test.each(['http', 'https'])('rejects a name that resolves to a private address: %s', async (scheme) => {
    const receiver = await startReceiver();
    const send = createSender({ allowPrivate: false, resolve: loopback });
    await expect(send(`${scheme}://hooks.example.com:${receiver.port}/`)).rejects.toMatchObject(refused);
    expect(receiver.received).toEqual([]);
  });

  test('looks a name up once per connection, so that DNS rebinding has no effect', async () => {
    const receiver = await startReceiver();
    const addresses = ['8.8.8.8', '127.0.0.1'];
    const lookups: string[] = [];
    const resolve: Resolve = async (host) => {
      lookups.push(host);
      return [{ address: addresses[lookups.length - 1] ?? '127.0.0.1', family: 4 }];
    };
    const send = createSender({ allowPrivate: false, resolve, connectTimeoutMs: 50 });
    await expect(send(`http://hooks.example.com:${receiver.port}/`)).rejects.toThrow();
    expect(lookups).toHaveLength(1);
    await expect(send(`http://hooks.example.com:${receiver.port}/`)).rejects.toMatchObject(refused);
    expect(receiver.received).toEqual([]);
  });
});

test('post follows no redirect', async () => {
  const inner = await startReceiver();
  const outer = await startReceiver((response) => response.writeHead(307, { location: inner.url }).end());
  expect(await createSender()(outer.url)).toMatchObject({ status: 307 });
  expect(inner.received).toEqual([]);
});

describe('a response', () => {
  test('that is large is cut at maxTextBytes', async () => {
    const receiver = await startReceiver((response) => response.writeHead(500).end('xé'.repeat(5_000_000)));
    const { status, text } = await createSender()(receiver.url);
    expect([status, text.length <= 1_024]).toEqual([500, true]);
    expect(text).toMatch(/^(xé)+/);
  });

  test.each<[string, string, object]>([
    ['an unknown status', 'HTTP/1.1 999 what\r\ncontent-length: 0\r\n\r\n', { status: 999, text: '' }],
    [
      'another protocol',
      'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      { status: 101, text: '' },
    ],
    [
      'a provisional response',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
      { status: 204 },
    ],
  ])('with %s is returned with and without a required body', async (_what, text, expected) => {
    for (const isBodyRequired of [false, true])
      expect(await createSender({ isBodyRequired })(await speakRaw(text))).toMatchObject(expected);
  });

  test.each([
    ['that is not HTTP', '220 mail.example.com ESMTP\r\n'],
    ['with too large a head', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
  ])('%s rejects', async (_what, text) => {
    const code = expect.stringMatching(/^HPE_/) as string;
    await expect(createSender()(await speakRaw(text))).rejects.toMatchObject({ code });
  });

  test('that is cut short counts, unless the body is required', async () => {
    const url = await speakRaw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx');
    expect(await createSender()(url)).toMatchObject({ status: 200, text: 'x' });
    await expect(createSender({ isBodyRequired: true })(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('that never ends counts, unless the body is required', async () => {
    const receiver = await startReceiver(async (response) => {
      response.writeHead(200);
      while (!response.destroyed) {
        response.write('drip ');
        await sleep(20);
      }
    });
    const start = performance.now();
    expect(await createSender()(receiver.url)).toMatchObject({ status: 200 });
    expect(performance.now() - start).toBeLessThan(10_000);
    const strict = createSender({ isBodyRequired: true, timeoutMs: 200 });
    await expect(strict(receiver.url)).rejects.toMatchObject({ code: 'ENORESPONSE' });
  });

  test('that never begins rejects after timeoutMs', async () => {
    const receiver = await startReceiver(hang);
    await expect(createSender({ timeoutMs: 200 })(receiver.url)).rejects.toMatchObject({
      code: 'ENORESPONSE',
    });
  });
});

test('post rejects if the server closes a new connection, refuses it, or speaks no TLS', async () => {
  const raw = await startRawServer((socket) => socket.destroy());
  onTestFinished(raw.close);
  const send = createSender();
  await expect(send(raw.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  const receiver = await startReceiver();
  await expect(send(receiver.url.replace('http:', 'https:'))).rejects.toMatchObject({
    code: expect.stringMatching(/^(ERR_SSL|EPROTO)/) as string,
  });
  await receiver.down();
  await expect(send(receiver.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await receiver.up();
  expect(await send(receiver.url)).toMatchObject({ status: 204 });
});

test('a connection is reused, and one that the server closed meanwhile is replaced', async () => {
  const sockets = new Set<unknown>();
  const receiver = await startReceiver((response, request) => {
    sockets.add(request.socket);
    response.writeHead(204).end();
  });
  const send = createSender();
  for (let i = 0; i < 3; i += 1) expect(await send(receiver.url)).toMatchObject({ status: 204 });
  expect(sockets.size).toBe(1);
  receiver.state.handle = (response, request) =>
    sockets.has(request.socket) ? request.socket.destroy() : response.writeHead(204).end();
  expect(await send(receiver.url)).toMatchObject({ status: 204 });
});

test('maxConnections limits the connections to a host', async () => {
  let open = 0;
  let most = 0;
  const receiver = await startReceiver(async (response) => {
    open += 1;
    most = Math.max(most, open);
    await sleep(10);
    open -= 1;
    response.writeHead(204).end();
  });
  const send = createSender({ maxConnections: 2 });
  await Promise.all(Array.from({ length: 8 }, () => send(receiver.url)));
  expect(most).toBe(2);
});

test('post rejects with the reason of its signal, before and during the request', async () => {
  const receiver = await startReceiver(hang);
  const stopping = new AbortController();
  const sending = createSender()(receiver.url, stopping.signal);
  await expect.poll(() => receiver.received.length).toBe(1);
  stopping.abort(new Error('stopping'));
  await expect(sending).rejects.toThrow('stopping');
  await expect(createSender()(receiver.url, stopping.signal)).rejects.toThrow('stopping');
  expect(receiver.received).toHaveLength(1);
});
