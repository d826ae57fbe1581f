import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { startMailServer } from '../testing/mail-server.ts';
import { createEmailSender, type EmailSender } from './create-email-sender.ts';

const FROM = { name: 'OrionTel', address: 'no-reply@oriontel.example' };
const ID = '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function addMailServer(...options: Parameters<typeof startMailServer>) {
  const server = await startMailServer(...options);
  closing.push(server.close);
  return server;
}
function senderTo(url: string, timeoutMs?: number): EmailSender {
  const sender = createEmailSender({ url, from: FROM, ...(timeoutMs !== undefined && { timeoutMs }) });
  closing.push(sender.close);
  return sender;
}
function buildDelivery(overrides: Partial<OutgoingDelivery> = {}): OutgoingDelivery {
  return {
    id: ID,
    orgId: 1,
    eventId: 'evt-20260301-1',
    receiver: 'ann@example.com',
    ruleId: 'r1',
    type: 'missed_call',
    at: new Date('2026-03-01T11:59:00Z'),
    message: { subject: 'Missed Call Alert', text: 'You missed a call from +14155550123' },
    attempts: 0,
    createdAt: new Date('2026-03-01T12:00:00Z'),
    ...overrides,
  };
}
const { signal } = new AbortController();
function send(url: string, overrides: Partial<OutgoingDelivery> = {}, timeoutMs?: number) {
  return senderTo(url, timeoutMs).send(buildDelivery(overrides), signal);
}

function refusal(code: number, message = 'No such user here') {
  return Object.assign(new Error(message), { responseCode: code });
}

/** The parts of an email by their type, decoded. */
function partsOf(raw: string): Record<string, string> {
  const boundary = /boundary="([^"]+)"/.exec(raw)![1]!;
  const parts = raw.split(`--${boundary}`).slice(1, -1);
  return Object.fromEntries(
    parts.map((part) => {
      const [head, ...body] = part.trim().split('\r\n\r\n');
      const decode = /quoted-printable/.test(head!) ? unquote : (text: string) => text;
      return [/Content-Type: ([^;]+)/.exec(head!)![1]!, decode(body.join('\r\n\r\n'))];
    }),
  );
}
function unquote(text: string): string {
  return Buffer.from(
    text
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
}
const headOf = (raw: string): string => raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');

test('an email has a text and an HTML part, one receiver, and the header Auto-Submitted', async () => {
  const { url, received } = await addMailServer();
  expect(await send(url)).toMatchObject({ result: 'delivered', status: 250 });
  expect(received).toMatchObject([{ from: FROM.address, to: ['ann@example.com'] }]);
  const head = headOf(received[0]!.raw);
  for (const line of [
    'From: OrionTel <no-reply@oriontel.example>',
    'To: ann@example.com',
    'Subject: Missed Call Alert',
    `Message-ID: <${ID}@oriontel.example>`,
    'Date: Sun, 01 Mar 2026 12:00:00 +0000',
    'Auto-Submitted: auto-generated',
  ])
    expect(head.split('\r\n')).toContain(line);
  const parts = partsOf(received[0]!.raw);
  expect(parts['text/plain']).toBe('You missed a call from +14155550123');
  expect(parts['text/html']).toContain('>You missed a call from +14155550123<');
});

test('every attempt sends the same headers', async () => {
  const { url, received } = await addMailServer();
  const sender = senderTo(url);
  await sender.send(buildDelivery(), signal);
  await sender.send(buildDelivery({ attempts: 1 }), signal);
  const heads = received.map(({ raw }) => headOf(raw).replace(/boundary="[^"]+"/, ''));
  expect(heads).toHaveLength(2);
  expect(heads[0]).toBe(heads[1]);
});

test('text of an event adds no header, no receiver and no markup', async () => {
  const { url, received } = await addMailServer();
  const markup = `<script>alert("1")</script> & 'x'`;
  const text = `${markup}\r\n.\r\nRCPT TO:<eve@example.com>\r\n\u0000\u001b[31m ünï 😀 \u2028end`;
  const subject = 'Hi\r\nBcc: eve@example.com\r\n\r\nbody\u0007 ünï';
  expect(await send(url, { message: { subject, text } })).toMatchObject({ result: 'delivered' });
  expect(received).toHaveLength(1);
  expect(received[0]!.to).toEqual(['ann@example.com']);
  const head = headOf(received[0]!.raw);
  expect(head).not.toMatch(/^bcc:/im);
  expect(head.match(/^Subject: /gm)).toHaveLength(1);
  const parts = partsOf(received[0]!.raw);
  expect(parts['text/plain']!.replaceAll('\r\n', '\n')).toBe(
    `<script>alert("1")</script> & 'x'\n.\nRCPT TO:<eve@example.com>\n[31m ünï 😀 \nend`,
  );
  expect(parts['text/html']).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;');
  expect(parts['text/html']).not.toContain('<script');
});

test.each([
  'a@example.com>\r\nRCPT TO:<eve@example.com',
  'a@example.com, eve@example.com',
  '"a b"@example.com',
])('the invalid address %j is not sent and not split', async (receiver) => {
  const { url, received } = await addMailServer();
  expect(await send(url, { receiver })).toMatchObject({ result: 'failed', isPermanent: true });
  expect(received).toEqual([]);
});

test.each([
  [550, true],
  [553, true],
  [450, false],
  [421, false],
  [530, false],
])('a receiver refused with %i is a permanent failure: %s', async (code, isPermanent) => {
  const { url } = await addMailServer({ onRcptTo: (_to, _session, callback) => callback(refusal(code)) });
  expect(await send(url)).toMatchObject({ result: 'failed', isPermanent, status: code });
});

test('a refused text is a permanent failure, and the next email is sent', async () => {
  let texts = 0;
  const { url } = await addMailServer({
    onData(stream, _session, callback) {
      texts += 1;
      const error = texts === 1 ? refusal(554, 'No thank you') : null;
      stream.resume().on('end', () => callback(error));
    },
  });
  const sender = senderTo(url);
  expect(await sender.send(buildDelivery(), signal)).toEqual({
    result: 'failed',
    isPermanent: true,
    status: 554,
    error: 'refused',
    detail: 'The mail server refused the email.',
    response: '554 No thank you',
  });
  expect(await sender.send(buildDelivery(), signal)).toMatchObject({ result: 'delivered' });
});

test('a refused sender is a temporary failure', async () => {
  const { url } = await addMailServer({ onMailFrom: (_from, _session, callback) => callback(refusal(550)) });
  expect(await send(url)).toMatchObject({ result: 'failed', isPermanent: false, status: 550 });
});

test('a wrong password is a temporary failure that does not reveal it', async () => {
  const { url } = await addMailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, callback) => callback(new Error(`Invalid ${password}`)),
  });
  const outcome = await send(url.replace('//', '//user:s3cret@'));
  expect(outcome).toMatchObject({ result: 'failed', isPermanent: false, error: 'auth', response: null });
  expect(JSON.stringify(outcome)).not.toContain('s3cret');
});

test('user and password are read from the URL', async () => {
  let credentials: unknown;
  const { url } = await addMailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, callback) {
      credentials = { username, password };
      callback(null, { user: username });
    },
  });
  expect(await send(url.replace('//', '//us%40er:p%40ss@'))).toMatchObject({ result: 'delivered' });
  expect(credentials).toEqual({ username: 'us@er', password: 'p@ss' });
});

test('a self-signed certificate is not trusted', async () => {
  const { port } = await addMailServer({ secure: true, disabledCommands: [] });
  expect(await send(`smtps://127.0.0.1:${port}`)).toMatchObject({ error: 'tls', isPermanent: false });
  const startTls = await addMailServer({ disabledCommands: [] });
  expect(await send(startTls.url)).toMatchObject({ result: 'failed', isPermanent: false, error: 'tls' });
  expect(startTls.received).toEqual([]);
});

test('a sender reconnects to a mail server that was down', async () => {
  const first = await startMailServer();
  const sender = senderTo(first.url);
  expect(await sender.send(buildDelivery(), signal)).toMatchObject({ result: 'delivered' });
  await first.close();
  expect(await sender.send(buildDelivery(), signal)).toMatchObject({
    result: 'failed',
    isPermanent: false,
    error: 'connection',
    status: null,
  });
  const { received } = await addMailServer({}, first.port);
  expect(await sender.send(buildDelivery(), signal)).toMatchObject({ result: 'delivered' });
  expect(received).toHaveLength(1);
});

test.each(['sends nothing', 'trickles its greeting'])('a mail server that %s times out', async (behavior) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (behavior === 'sends nothing') return;
    const timer = setInterval(() => socket.write('220-wait\r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const outcome = await send(`smtp://127.0.0.1:${port}`, {}, 300);
  expect(outcome).toMatchObject({ result: 'failed', isPermanent: false, error: 'timeout' });
});

test('send rejects if its signal is aborted', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const stopping = new AbortController();
  const sending = senderTo(`smtp://127.0.0.1:${port}`).send(buildDelivery(), stopping.signal);
  server.once('connection', () => stopping.abort());
  await expect(sending).rejects.toThrow();
});
