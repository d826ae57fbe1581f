import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { createWebhookSender, type WebhookSenderOptions } from './create-webhook-sender.ts';
import type { Resolve } from './public-host.ts';
import { hang, startReceiver, type ReceiverBehavior } from './testing.ts';
import { generateSecret } from './webhook-secret.ts';

const secret = generateSecret();
const delivery: OutgoingDelivery = {
  id: uuidv7(),
  orgId: 1,
  eventId: 'evt-20240115-1',
  receiver: uuidv7(),
  ruleId: null,
  type: 'registration',
  at: new Date('2024-01-15T10:30:00Z'),
  message: { event_id: 'evt-20240115-1' },
  attempts: 0,
  createdAt: new Date(),
};

async function receiverWith(answering?: ReceiverBehavior) {
  const receiver = await startReceiver(secret, answering);
  onTestFinished(() => receiver.close());
  return receiver;
}
function senderWith(options: Partial<WebhookSenderOptions> = {}) {
  const sender = createWebhookSender({ allowPrivate: true, ...options });
  onTestFinished(sender.close);
  return function senderWithInner(
    url: string,
    more: Partial<OutgoingDelivery> = {},
    signal = new AbortController().signal,
  ) {
    return sender.send({ ...delivery, ...more }, { url, secret }, signal);
  };
}

/** A server of its own that says what it likes. */
async function rawServer(speak: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => speak(socket));
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a private address is not called', () => {
  const loopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const refused = { result: 'failed', final: false, status: null, error: 'private_address' };

  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '[::1]', '0x7f000001', '0.0.0.0', '169.254.169.254'])(
    '%s as it stands in the URL',
    async (host) => {
      const receiver = await receiverWith();
      const send = senderWith({ allowPrivate: false });
      expect(await send(`http://${host}:${receiver.port}/`)).toMatchObject(refused);
      expect(receiver.got).toEqual([]);
    },
  );

  test.each(['http', 'https'])('%s: a name that leads there', async (scheme) => {
    const receiver = await receiverWith();
    const send = senderWith({ allowPrivate: false, resolve: loopback });
    const outcome = await send(`${scheme}://hooks.example.com:${receiver.port}/`);
    expect(outcome).toMatchObject(refused);
    expect(JSON.stringify(outcome)).not.toContain('127.0.0.1');
    expect(receiver.got).toEqual([]);
  });

  test('a name that led elsewhere a moment ago', async () => {
    const receiver = await receiverWith();
    const answers = ['8.8.8.8', '127.0.0.1'];
    const asked: string[] = [];
    const resolve: Resolve = async (host) => {
      asked.push(host);
      return [{ address: answers[asked.length - 1] ?? '127.0.0.1', family: 4 }];
    };
    const send = senderWith({ allowPrivate: false, resolve, connectTimeoutMs: 50 });
    expect(await send(`http://hooks.example.com:${receiver.port}/`)).toMatchObject({ result: 'failed' });
    // It is looked up once for each connection, and what was looked at is what is called.
    expect(asked).toHaveLength(1);
    expect(await send(`http://hooks.example.com:${receiver.port}/`)).toMatchObject(refused);
    expect(receiver.got).toEqual([]);
  });

  test('a redirect to one, or to anywhere', async () => {
    const inner = await receiverWith();
    const outer = await receiverWith((_got, response) => {
      response.writeHead(307, { location: inner.url }).end();
    });
    expect(await senderWith()(outer.url)).toMatchObject({ result: 'failed', status: 307, error: 'redirect' });
    expect(inner.got).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([
    [200, { result: 'taken', status: 200 }],
    [299, { result: 'taken', status: 299 }],
    [304, { error: 'redirect' }],
    [400, { error: 'status', final: false }],
    [410, { error: 'gone', final: true }],
    [500, { error: 'status', final: false }],
  ])('of status %i', async (status, expected) => {
    const receiver = await receiverWith(status);
    expect(await senderWith()(receiver.url)).toMatchObject({ ...expected, status });
  });

  test('that is large shows how it begins', async () => {
    const receiver = await receiverWith((_got, response) => {
      response.writeHead(500).end('x\0é'.repeat(5_000_000));
    });
    const outcome = await senderWith()(receiver.url);
    expect(outcome).toMatchObject({ status: 500, error: 'status' });
    expect(outcome.response!.length).toBeLessThanOrEqual(1_024);
    expect(outcome.response).toMatch(/^(xé)+/);
    expect(outcome.response).not.toContain('\0');
  });

  test('that never ends is taken for its status', async () => {
    const receiver = await receiverWith(async (_got, response) => {
      response.writeHead(200);
      while (!response.destroyed) {
        response.write('drip ');
        await sleep(20);
      }
    });
    const start = performance.now();
    expect(await senderWith()(receiver.url)).toMatchObject({ result: 'taken', status: 200 });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('that never begins is a timeout', async () => {
    const receiver = await receiverWith(hang);
    expect(await senderWith({ timeoutMs: 200 })(receiver.url)).toMatchObject({
      error: 'timeout',
      status: null,
    });
  });

  test.each<[string, string, object]>([
    [
      'a status of its own',
      'HTTP/1.1 999 what\r\ncontent-length: 0\r\n\r\n',
      { error: 'status', status: 999 },
    ],
    ['no HTTP', '220 mail.example.com ESMTP\r\n', { error: 'bad_answer' }],
    ['a head too large', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, { error: 'bad_answer' }],
    [
      'another protocol',
      'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      { status: 101 },
    ],
    [
      'a body too short',
      'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx',
      { result: 'taken', response: 'x' },
    ],
    ['a wish to wait', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', { status: 204 }],
  ])('with %s', async (_what, said, expected) => {
    const url = await rawServer((socket) => socket.end(said));
    expect(await senderWith()(url)).toMatchObject(expected);
  });

  test('that is none: the connection is closed', async () => {
    const url = await rawServer((socket) => socket.destroy());
    expect(await senderWith()(url)).toMatchObject({ error: 'connection' });
  });
});

test('nobody listens, the name is unknown, it speaks no TLS: each is told apart', async () => {
  const receiver = await receiverWith();
  const send = senderWith({
    async resolve() {
      throw new Error('getaddrinfo ENOTFOUND in our.internal.network');
    },
  });
  const unknown = await send('http://hooks.example.com/');
  expect(unknown).toMatchObject({ error: 'dns' });
  expect(JSON.stringify(unknown)).not.toContain('internal');
  expect(await send(receiver.url.replace('http:', 'https:'))).toMatchObject({ error: 'tls' });
  await receiver.down();
  expect(await send(receiver.url)).toMatchObject({
    error: 'connection',
    detail: 'The connection was refused.',
  });
});

test('a connection is kept for the next message, and one that was closed meanwhile costs no failure', async () => {
  const sockets = new Set<unknown>();
  const receiver = await receiverWith((_got, response, request) => {
    sockets.add(request.socket);
    response.writeHead(204).end();
  });
  const send = senderWith();
  for (let i = 0; i < 3; i += 1) expect(await send(receiver.url)).toMatchObject({ result: 'taken' });
  expect(sockets.size).toBe(1);
  // Closed as the message is on its way.
  receiver.state.answering = (_got, response, request) => {
    if (sockets.has(request.socket)) return void request.socket.destroy();
    response.writeHead(204).end();
  };
  expect(await send(receiver.url)).toMatchObject({ result: 'taken' });
});

test('a rule tells of an event under an id of its own', async () => {
  const receiver = await receiverWith();
  await senderWith()(receiver.url, { ruleId: 'rule.1' });
  expect(receiver.ids()).toEqual(['evt-20240115-1:rule%2E1']);
});

test('who breaks it off hears nothing of an outcome', async () => {
  const receiver = await receiverWith(hang);
  const ending = new AbortController();
  const sending = senderWith()(receiver.url, {}, ending.signal);
  await expect.poll(() => receiver.got.length).toBe(1);
  ending.abort();
  await expect(sending).rejects.toThrow();
});
