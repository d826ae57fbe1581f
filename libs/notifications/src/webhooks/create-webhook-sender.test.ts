import { startRawServer } from '@oriontel/outbound/testing';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { hang, startReceiver, type ReceiverBehavior } from '../testing/webhook-receiver.ts';
import { createWebhookSender, type WebhookSenderOptions } from './create-webhook-sender.ts';
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

async function addReceiver(behavior?: ReceiverBehavior) {
  const receiver = await startReceiver(secret, behavior);
  onTestFinished(() => receiver.close());
  return receiver;
}
function createSend(options: Partial<WebhookSenderOptions> = {}) {
  const sender = createWebhookSender({ allowPrivate: true, ...options });
  onTestFinished(sender.close);
  return function send(
    url: string,
    overrides: Partial<OutgoingDelivery> = {},
    signal = new AbortController().signal,
  ) {
    return sender.send({ ...delivery, ...overrides }, { url, secret }, signal);
  };
}
async function speakRaw(text: string): Promise<string> {
  const server = await startRawServer((socket) => socket.end(text));
  onTestFinished(server.close);
  return server.url;
}

test.each([
  [200, { result: 'delivered' }],
  [299, { result: 'delivered' }],
  [304, { error: 'redirect', isPermanent: false }],
  [400, { error: 'status', isPermanent: false }],
  [410, { error: 'gone', isPermanent: true }],
  [500, { error: 'status', isPermanent: false }],
])('a response with status %i is classified', async (status, expected) => {
  const receiver = await addReceiver(status);
  expect(await createSend()(receiver.url)).toMatchObject({ ...expected, status });
});

test('a redirect to a private address fails', async () => {
  const inner = await addReceiver();
  const outer = await addReceiver((_received, response) =>
    response.writeHead(307, { location: inner.url }).end(),
  );
  expect(await createSend()(outer.url)).toMatchObject({ result: 'failed', status: 307, error: 'redirect' });
  expect(inner.received).toEqual([]);
});

test('a private address fails without naming it', async () => {
  const receiver = await addReceiver();
  const send = createSend({
    allowPrivate: false,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  for (const host of ['127.0.0.1', 'hooks.example.com']) {
    const outcome = await send(`http://${host}:${receiver.port}/`);
    expect(outcome).toMatchObject({ result: 'failed', isPermanent: false, error: 'private_address' });
    expect(JSON.stringify(outcome)).not.toContain('127.0.0.1');
  }
  expect(receiver.received).toEqual([]);
});

describe('a response', () => {
  test('that is large is stored up to 1 KB, without NUL', async () => {
    const receiver = await addReceiver((_received, response) =>
      response.writeHead(500).end('x\0é'.repeat(5_000_000)),
    );
    const outcome = await createSend()(receiver.url);
    expect(outcome).toMatchObject({ status: 500, error: 'status' });
    expect(outcome.response!.length).toBeLessThanOrEqual(1_024);
    expect(outcome.response).toMatch(/^(xé)+/);
    expect(outcome.response).not.toContain('\0');
  });

  test('that is cut short counts by its status', async () => {
    const url = await speakRaw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx');
    expect(await createSend()(url)).toMatchObject({ result: 'delivered', response: 'x' });
  });

  test('that never begins is a timeout', async () => {
    const receiver = await addReceiver(hang);
    expect(await createSend({ timeoutMs: 200 })(receiver.url)).toMatchObject({
      error: 'timeout',
      status: null,
    });
  });

  test.each<[string, string, object]>([
    ['an unknown status', 'HTTP/1.1 999 what\r\ncontent-length: 0\r\n\r\n', { error: 'status', status: 999 }],
    ['another protocol', '220 mail.example.com ESMTP\r\n', { error: 'bad_answer' }],
    [
      'a protocol switch',
      'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      { status: 101 },
    ],
  ])('with %s fails', async (_what, text, expected) => {
    expect(await createSend()(await speakRaw(text))).toMatchObject({ result: 'failed', ...expected });
  });
});

test('DNS, TLS and connection errors are distinguished, without internals', async () => {
  const receiver = await addReceiver();
  const send = createSend({
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
  const raw = await startRawServer((socket) => socket.destroy());
  onTestFinished(raw.close);
  expect(await send(raw.url)).toMatchObject({ error: 'connection' });
});

test('the message id of a notification by a rule names the event and the rule', async () => {
  const receiver = await addReceiver();
  await createSend()(receiver.url, { ruleId: 'rule.1' });
  expect(receiver.ids()).toEqual(['evt-20240115-1:rule%2E1']);
});

test('send rejects if its signal is aborted', async () => {
  const receiver = await addReceiver(hang);
  const stopping = new AbortController();
  const sending = createSend()(receiver.url, {}, stopping.signal);
  await expect.poll(() => receiver.received.length).toBe(1);
  stopping.abort();
  await expect(sending).rejects.toThrow();
});
