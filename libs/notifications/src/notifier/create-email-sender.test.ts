import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { startMailServer } from '../testing.ts';
import { createEmailSender, type EmailSender } from './create-email-sender.ts';

const FROM = { name: 'OrionTel', address: 'no-reply@oriontel.example' };
const ID = '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function mailServer(...given: Parameters<typeof startMailServer>) {
  const server = await startMailServer(...given);
  closing.push(server.close);
  return server;
}
function senderTo(url: string, deadline?: number): EmailSender {
  const sender = createEmailSender({
    url,
    from: FROM,
    ...(deadline !== undefined && { timeoutMs: deadline }),
  });
  closing.push(sender.close);
  return sender;
}
function delivery(more: Partial<OutgoingDelivery> = {}): OutgoingDelivery {
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
    ...more,
  };
}
const { signal } = new AbortController();
function send(url: string, more: Partial<OutgoingDelivery> = {}, deadline?: number) {
  return senderTo(url, deadline).send(delivery(more), signal);
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

test('an email arrives as text and HTML, at its receiver alone, and says that a program wrote it', async () => {
  const { url, received } = await mailServer();
  expect(await send(url)).toMatchObject({ result: 'taken', status: 250 });
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

test('what is sent again is the same email', async () => {
  const { url, received } = await mailServer();
  const sender = senderTo(url);
  await sender.send(delivery(), signal);
  await sender.send(delivery({ attempts: 1 }), signal);
  const heads = received.map(({ raw }) => headOf(raw).replace(/boundary="[^"]+"/, ''));
  expect(heads).toHaveLength(2);
  expect(heads[0]).toBe(heads[1]);
});

test('hostile text adds no header, no receiver and no markup', async () => {
  const { url, received } = await mailServer();
  const text = `<script>alert("1")</script> & 'x'\r\n.\r\nRCPT TO:<eve@example.com>\r\n\u0000\u001b[31m ünï 😀 \u2028end`;
  const subject = 'Hi\r\nBcc: eve@example.com\r\n\r\nbody\u0007 ünï';
  expect(await send(url, { message: { subject, text } })).toMatchObject({ result: 'taken' });
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
])('%j is one address, and none that there is', async (receiver) => {
  const { url, received } = await mailServer();
  expect(await send(url, { receiver })).toMatchObject({ result: 'failed', final: true });
  expect(received).toEqual([]);
});

test.each([
  [550, true],
  [553, true],
  [450, false],
  [421, false],
  [530, false],
])('a receiver that is refused by %i is refused for good: %s', async (code, final) => {
  const { url } = await mailServer({ onRcptTo: (_to, _session, callback) => callback(refusal(code)) });
  expect(await send(url)).toMatchObject({ result: 'failed', final, status: code });
});

test('a text that is refused is refused for good, and the next one goes out', async () => {
  let texts = 0;
  const { url } = await mailServer({
    onData(stream, _session, callback) {
      texts += 1;
      const answer = texts === 1 ? refusal(554, 'No thank you') : null;
      stream.resume().on('end', () => callback(answer));
    },
  });
  const sender = senderTo(url);
  expect(await sender.send(delivery(), signal)).toEqual({
    result: 'failed',
    final: true,
    status: 554,
    error: 'refused',
    detail: 'The mail server refused the email.',
    response: '554 No thank you',
  });
  expect(await sender.send(delivery(), signal)).toMatchObject({ result: 'taken' });
});

test('a sender that is refused is our trouble: the email waits', async () => {
  const { url } = await mailServer({ onMailFrom: (_from, _session, callback) => callback(refusal(550)) });
  expect(await send(url)).toMatchObject({ result: 'failed', final: false, status: 550 });
});

test('a password that is wrong is our trouble, and nothing of it is told', async () => {
  const { url } = await mailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, callback) => callback(new Error(`Invalid ${password}`)),
  });
  const outcome = await send(url.replace('//', '//user:s3cret@'));
  expect(outcome).toMatchObject({ result: 'failed', final: false, error: 'auth', response: null });
  expect(JSON.stringify(outcome)).not.toContain('s3cret');
});

test('user and password come from the URL', async () => {
  let asked: unknown;
  const { url } = await mailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, callback) {
      asked = { username, password };
      callback(null, { user: username });
    },
  });
  expect(await send(url.replace('//', '//us%40er:p%40ss@'))).toMatchObject({ result: 'taken' });
  expect(asked).toEqual({ username: 'us@er', password: 'p@ss' });
});

test('a certificate that nobody vouches for is not trusted', async () => {
  const { port } = await mailServer({ secure: true, disabledCommands: [] });
  expect(await send(`smtps://127.0.0.1:${port}`)).toMatchObject({ error: 'tls', final: false });
  const starting = await mailServer({ disabledCommands: [] });
  expect(await send(starting.url)).toMatchObject({ result: 'failed', final: false, error: 'tls' });
  expect(starting.received).toEqual([]);
});

test('a mail server that is away gets the email later, from the same sender', async () => {
  const first = await startMailServer();
  const sender = senderTo(first.url);
  expect(await sender.send(delivery(), signal)).toMatchObject({ result: 'taken' });
  await first.close();
  expect(await sender.send(delivery(), signal)).toMatchObject({
    result: 'failed',
    final: false,
    error: 'connection',
    status: null,
  });
  const { received } = await mailServer({}, first.port);
  expect(await sender.send(delivery(), signal)).toMatchObject({ result: 'taken' });
  expect(received).toHaveLength(1);
});

test.each(['says nothing', 'trickles its greeting'])(
  'a mail server that %s holds up nobody for long',
  async (how) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (how === 'says nothing') return;
      const timer = setInterval(() => socket.write('220-wait\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const outcome = await send(`smtp://127.0.0.1:${port}`, {}, 300);
    expect(outcome).toMatchObject({ result: 'failed', final: false, error: 'timeout' });
  },
);

test('a send that is called off rejects', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const ending = new AbortController();
  const sending = senderTo(`smtp://127.0.0.1:${port}`).send(delivery(), ending.signal);
  server.once('connection', () => ending.abort());
  await expect(sending).rejects.toThrow();
});
