import { execFileSync } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProber, type ProberOptions } from './create-prober.ts';
import type { ProbeTarget } from './prober.ts';
import { buildResponse, startTestServer } from './testing.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function createTestProber(options?: ProberOptions) {
  const prober = createProber(options);
  stops.push(prober.close);
  return prober;
}
async function startServer(...args: Parameters<typeof startTestServer>) {
  const server = await startTestServer(...args);
  stops.push(server.stop);
  return server;
}
function headerOf(request: string, name: string) {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(request)?.[1]?.trim();
}

describe('probe over UDP', () => {
  it('sends a request as RFC 3261 requires, and classifies the response', async () => {
    const prober = createTestProber({ userAgent: 'Test' });
    const { target, requests } = await startServer(({ text, respond }) => respond(buildResponse(text)));
    const result = await prober.probe(target);
    expect(result).toEqual({
      at: expect.any(Date) as Date,
      status: 'up',
      latencyMs: expect.any(Number) as number,
      sent: 1,
      lossPercent: 0,
      sipCode: 200,
      error: null,
      reason: 'Answered 200 OK.',
    });
    const [request] = requests as [string];
    expect(request.startsWith(`OPTIONS sip:127.0.0.1:${target.port} SIP/2.0\r\n`)).toBe(true);
    expect(headerOf(request, 'Via')).toMatch(
      /^SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;rport;branch=z9hG4bK[\da-f]{32};copy=1$/,
    );
    expect(headerOf(request, 'From')).toMatch(/^<sip:probe@127\.0\.0\.1>;tag=[\da-f]{16}$/);
    expect(headerOf(request, 'To')).toBe(`<sip:127.0.0.1:${target.port}>`);
    expect(headerOf(request, 'CSeq')).toBe('1 OPTIONS');
    expect(headerOf(request, 'Max-Forwards')).toBe('70');
    expect(headerOf(request, 'User-Agent')).toBe('Test');
    expect(headerOf(request, 'Content-Length')).toBe('0');
    expect(request.endsWith('\r\n\r\n')).toBe(true);
    await prober.probe(target);
    for (const name of ['Via', 'From', 'Call-ID'])
      expect(headerOf(requests[1]!, name)).not.toBe(headerOf(request, name));
  });

  it('writes IPv6 addresses in brackets', async () => {
    const { target, requests } = await startServer(
      ({ text, respond }) => respond(buildResponse(text)),
      '::1',
    );
    expect(await createTestProber().probe(target)).toMatchObject({ status: 'up' });
    expect(requests[0]).toContain(`OPTIONS sip:[::1]:${target.port} SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:`);
    expect(requests[0]).toContain('From: <sip:probe@[::1]>;tag=');
  });

  it('accepts a final response after a provisional one', async () => {
    const { target } = await startServer(({ text, respond }) => {
      respond(buildResponse(text, '100 Trying'));
      respond(buildResponse(text, '404 Not Found'));
    });
    expect(await createTestProber().probe(target)).toMatchObject({ status: 'up', sipCode: 404, sent: 1 });
  });

  it('accepts a response from another port: the branch identifies it, not the source', async () => {
    const other = await startServer(() => {});
    const { target } = await startServer(({ text, from }) =>
      other.socket.send(buildResponse(text), from.port, from.address),
    );
    expect(await createTestProber().probe(target)).toMatchObject({ status: 'up' });
  });

  it('measures from the answered copy, and counts the earlier ones as lost', async () => {
    const { target } = await startServer(
      ({ text, number, respond }) => number === 2 && respond(buildResponse(text)),
    );
    const result = await createTestProber().probe(target);
    expect(result).toMatchObject({ status: 'up', sent: 2, lossPercent: 50 });
    expect(result.latencyMs).toBeLessThan(450);
  });

  it('recognizes a repeated response to a first copy whose response was lost', async () => {
    let kept = '';
    const { target, requests } = await startServer(({ text, number, respond }) => {
      kept ||= buildResponse(text);
      if (number === 2) respond(kept);
    });
    const result = await createTestProber().probe(target);
    expect(result).toMatchObject({ status: 'up', sent: 2, lossPercent: 50 });
    expect(result.latencyMs).toBeLessThan(450);
    expect(headerOf(requests[0]!, 'Via')!.replace(/copy=\d/, '')).toBe(
      headerOf(requests[1]!, 'Via')!.replace(/copy=\d/, ''),
    );
  });

  it.each([
    ['another branch', (line: string) => line.replace('z9hG4bK', 'z9hG4bK0')],
    [
      'a branch in capitals',
      (line: string) => line.replace(/branch=[^;]*/, (branch) => branch.toUpperCase()),
    ],
    ['another method in CSeq', (line: string) => line.replace('1 OPTIONS', '1 INVITE')],
    [
      'a second Via',
      (line: string) => line.replace(/^Via: .*/, '$&\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx'),
    ],
    ['another address in Via', (line: string) => line.replace('UDP 127.0.0.1', 'UDP 192.0.2.1')],
  ])('drops and counts a response with %s', async (_what, change) => {
    const prober = createTestProber();
    const { target } = await startServer(({ text, respond }) =>
      respond(buildResponse(text, '200 OK', change)),
    );
    expect(await prober.probe({ ...target, timeoutMs: 300 })).toMatchObject({
      status: 'down',
      error: 'timeout',
      sent: 1,
      lossPercent: 100,
      latencyMs: null,
      reason: 'No answer within 300 ms.',
    });
    expect(prober.dropped()).toEqual({ malformed: 0, unmatched: 1 });
  });

  it('drops a second response', async () => {
    const prober = createTestProber();
    const { target } = await startServer(({ text, respond }) => {
      respond(buildResponse(text));
      respond(buildResponse(text, '503 Service Unavailable'));
    });
    expect(await prober.probe(target)).toMatchObject({ sipCode: 200 });
    await vi.waitFor(() => expect(prober.dropped()).toEqual({ malformed: 0, unmatched: 1 }));
  });

  it('reports malformed messages, and still accepts a valid response after them', async () => {
    const prober = createTestProber();
    const malformed = [
      Buffer.alloc(0),
      Buffer.from([0xff, 0, 0x80]),
      Buffer.from('SIP/2.0 200 OK\r\n\r\n'),
      Buffer.alloc(60_000, 'x'),
    ];
    const only = await startServer(({ respond }) => malformed.forEach(respond));
    const before = await startServer(({ text, respond }) =>
      [...malformed, buildResponse(text)].forEach(respond),
    );
    expect(await prober.probe({ ...only.target, timeoutMs: 400 })).toMatchObject({
      status: 'down',
      error: 'malformed',
    });
    expect(await prober.probe(before.target)).toMatchObject({ status: 'up', sipCode: 200 });
    expect(prober.dropped().malformed).toBe(8);
  });

  it('matches a thousand concurrent responses in any order, and removes its listeners', async () => {
    const prober = createTestProber();
    const delayed: (() => void)[] = [];
    const { target } = await startServer(({ text, respond }) => {
      delayed.push(() => respond(buildResponse(text, `${200 + (delayed.length % 2) * 204} X`)));
      // The kernel may have dropped some of the first copies.
      if (delayed.length < 50 && text.includes(';copy=1\r')) return;
      for (const release of delayed.splice(0).toReversed()) release();
    });
    const stop = new AbortController();
    const results = await Promise.all(Array.from({ length: 1_000 }, () => prober.probe(target, stop.signal)));
    expect(results.filter(({ status }) => status === 'up')).toHaveLength(1_000);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});

async function listen(server: Server, onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    // Only a socket that is read emits its end.
    onSocket(socket.resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const target: ProbeTarget = {
    host: '127.0.0.1',
    port,
    transport: 'tcp',
    timeoutMs: 10_000,
    allowPrivate: true,
  };
  return { target, sockets };
}
function respondWith(status = '200 OK') {
  return function respondToRequests(socket: Socket) {
    socket.on('data', (bytes) => socket.write(buildResponse(String(bytes), status)));
  };
}

describe('probe over TCP', () => {
  it('sends one request on a new connection and closes it', async () => {
    const requests: string[] = [];
    const { target, sockets } = await listen(createServer(), (socket) => {
      socket.on('data', (bytes) => {
        requests.push(String(bytes));
        const [first, ...rest] = buildResponse(String(bytes));
        socket.write(first!);
        setImmediate(() => socket.write(rest.join('')));
      });
    });
    expect(await createTestProber().probe(target)).toMatchObject({
      status: 'up',
      sent: 1,
      lossPercent: 0,
      error: null,
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toContain(
      `OPTIONS sip:127.0.0.1:${target.port};transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:`,
    );
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  it('ignores a request of the gateway before the response', async () => {
    const { target } = await listen(createServer(), (socket) => {
      socket.on('data', (bytes: Buffer) =>
        socket.write(`\r\n\r\n${String(bytes)}${buildResponse(String(bytes))}`),
      );
    });
    const prober = createTestProber();
    expect(await prober.probe(target)).toMatchObject({ status: 'up' });
    expect(prober.dropped()).toEqual({ malformed: 0, unmatched: 1 });
  });

  it.each([
    ['closes at once', (socket: Socket) => void socket.end(), 'closed'],
    ['resets', (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()), 'closed'],
    [
      'closes in the middle of the response',
      (socket: Socket) => void socket.once('data', () => socket.end('SIP/2.0 2')),
      'closed',
    ],
    [
      'responds with HTTP',
      (socket: Socket) =>
        void socket.once('data', () => socket.write('HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\nSIP')),
      'timeout',
    ],
    [
      'responds with garbage',
      (socket: Socket) => void socket.once('data', () => socket.write('x'.repeat(100_000))),
      'malformed',
    ],
    [
      'responds without Content-Length',
      (socket: Socket) =>
        void socket.once('data', (bytes: Buffer) =>
          socket.write(buildResponse(String(bytes)).replace('Content-Length: 0\r\n', '')),
        ),
      'malformed',
    ],
    ['never responds', () => {}, 'timeout'],
  ])('reports a gateway that %s as down', async (_what, onSocket, error) => {
    const { target, sockets } = await listen(createServer(), onSocket);
    expect(await createTestProber().probe({ ...target, timeoutMs: 600 })).toMatchObject({
      status: 'down',
      error,
      latencyMs: null,
    });
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  it('reports a refused connection as down', async () => {
    const { target } = await listen(createServer(), () => {});
    await stops.pop()!();
    expect(await createTestProber().probe(target)).toMatchObject({
      status: 'down',
      error: 'refused',
      sent: 0,
      lossPercent: null,
    });
  });

  it('queues six hundred probes without reducing their timeouts', async () => {
    let most = 0;
    const { target, sockets } = await listen(createServer(), (socket) => {
      most = Math.max(most, sockets.size);
      respondWith()(socket);
    });
    const prober = createTestProber();
    const results = await Promise.all(Array.from({ length: 600 }, () => prober.probe(target)));
    expect(results.filter(({ status }) => status === 'up')).toHaveLength(600);
    expect(most).toBeLessThanOrEqual(512);
  });

  it('tries the next address if the first refuses', async () => {
    const { target } = await listen(createServer(), respondWith());
    const dns = {
      async resolve4() {
        return [
          { address: '127.0.0.2', ttl: 60 },
          { address: '127.0.0.1', ttl: 60 },
        ];
      },
      resolve6: async () => [],
      resolveSrv: async () => [],
      lookup: async () => [],
    };
    expect(await createTestProber({ dns }).probe({ ...target, host: 'gw.example.com' })).toMatchObject({
      status: 'up',
    });
  });
});

describe('probe over TLS', () => {
  let folder: string;
  let key: string;
  let cert: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'oriontel-prober-'));
    const args =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=gw.example.com -addext';
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [...args.split(' '), 'subjectAltName=DNS:gw.example.com,IP:127.0.0.1', ...files],
      { stdio: 'ignore' },
    );
    key = readFileSync(join(folder, 'key.pem'), 'utf8');
    cert = readFileSync(join(folder, 'cert.pem'), 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const dns = {
    resolve4: async () => [{ address: '127.0.0.1', ttl: 60 }],
    resolve6: async () => [],
    resolveSrv: async () => [],
    lookup: async () => [],
  };
  async function start() {
    const serverNames: (string | false | null)[] = [];
    const server = createTlsServer({ key, cert });
    const { target } = await listen(server, (socket) => {
      serverNames.push((socket as Socket & { servername: string | false | null }).servername);
      respondWith()(socket);
    });
    return { serverNames, target: { ...target, transport: 'tls' as const } };
  }

  it('requests the server name of the host, and accepts a certificate for it', async () => {
    const { target, serverNames } = await start();
    const prober = createTestProber({ tlsCa: cert, dns });
    expect(await prober.probe({ ...target, host: 'gw.example.com' })).toMatchObject({ status: 'up' });
    expect(await prober.probe(target)).toMatchObject({ status: 'up' });
    expect(serverNames).toEqual(['gw.example.com', false]);
  });

  it('rejects a certificate for another name, and an untrusted one', async () => {
    const { target } = await start();
    const other = await createTestProber({ tlsCa: cert, dns }).probe({
      ...target,
      host: 'other.example.com',
    });
    expect(other).toMatchObject({ status: 'down', error: 'tls', sent: 0 });
    expect(other.reason).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await createTestProber().probe(target)).toMatchObject({ status: 'down', error: 'tls' });
  });

  it('accepts any certificate without tlsVerify', async () => {
    const { target } = await start();
    expect(await createTestProber({ tlsVerify: false }).probe(target)).toMatchObject({ status: 'up' });
  });

  it('reports a gateway without TLS, or with a hanging handshake, as down', async () => {
    const plain = await listen(
      createServer(),
      (socket) => void socket.on('data', () => socket.write('SIP/2.0 400 Bad\r\n\r\n')),
    );
    const mute = await listen(createServer(), () => {});
    const prober = createTestProber();
    expect(await prober.probe({ ...plain.target, transport: 'tls' })).toMatchObject({
      status: 'down',
      error: 'tls',
    });
    expect(await prober.probe({ ...mute.target, transport: 'tls', timeoutMs: 300 })).toMatchObject({
      status: 'down',
      error: 'timeout',
      reason: 'No connection within 300 ms.',
    });
    await vi.waitFor(() => expect(mute.sockets.size).toBe(0));
  });
});

describe('probe of an address', () => {
  it('refuses a private address without allowPrivate, whatever its name', async () => {
    const { target, requests } = await startServer(({ text, respond }) => respond(buildResponse(text)));
    const prober = createTestProber({
      dns: {
        resolve4: async () => [{ address: '127.0.0.1', ttl: 60 }],
        resolve6: async () => [{ address: '::ffff:127.0.0.1', ttl: 60 }],
        resolveSrv: async () => [{ name: 'inside.example.com', port: target.port!, priority: 1, weight: 1 }],
        lookup: async () => [],
      },
    });
    const strict = { ...target, allowPrivate: false };
    const forbidden = { status: 'down', error: 'forbidden_address', sent: 0, lossPercent: null };
    expect(await prober.probe(strict)).toMatchObject(forbidden);
    expect(await prober.probe({ ...strict, host: '::ffff:7f00:1' })).toMatchObject(forbidden);
    expect(await prober.probe({ ...strict, host: 'gw.example.com' })).toMatchObject(forbidden);
    expect(await prober.probe({ ...strict, host: 'gw.example.com', port: null })).toMatchObject(forbidden);
    expect(requests).toEqual([]);
    expect(await prober.probe({ ...target, host: 'gw.example.com', port: null })).toMatchObject({
      status: 'up',
    });
  });

  it.each([
    '',
    'a b',
    'a\r\nX: y',
    'sip:a@b',
    'a..b',
    '[::1]',
    'fe80::1%eth0',
    'a'.repeat(64),
    '-'.repeat(300),
    'a;b',
    'a@b',
  ])('refuses the host %j', async (host) => {
    const target = { host, port: 5060, transport: 'udp' as const, timeoutMs: 1_000, allowPrivate: true };
    expect(await createTestProber().probe(target)).toMatchObject({ status: 'down', error: 'invalid_target' });
  });

  it('reports a name that is not resolved in time as down', async () => {
    const never = () => new Promise<never>(() => {});
    const prober = createTestProber({
      dns: { resolve4: never, resolve6: never, resolveSrv: never, lookup: never },
    });
    const target = { host: 'gw.example.com', transport: 'udp' as const, timeoutMs: 100, allowPrivate: true };
    expect(await prober.probe(target)).toMatchObject({ status: 'down', error: 'dns', sent: 0 });
  });
});

describe('an aborted probe', () => {
  it('rejects with the reason of the signal over every transport', async () => {
    const silent = await startServer(() => {});
    const mute = await listen(createServer(), () => {});
    const prober = createTestProber();
    for (const target of [silent.target, mute.target, { ...mute.target, transport: 'tls' as const }]) {
      const stop = new AbortController();
      const probing = prober.probe(target, stop.signal);
      setImmediate(() => stop.abort(new Error('enough')));
      await expect(probing).rejects.toThrow('enough');
      await expect(prober.probe(target, stop.signal)).rejects.toThrow('enough');
    }
    await vi.waitFor(() => expect(mute.sockets.size).toBe(0));
  });

  it('rejects when the prober is closed, as does every later probe', async () => {
    const silent = await startServer(() => {});
    const prober = createTestProber();
    const probing = prober.probe(silent.target);
    await vi.waitFor(() => expect(silent.requests).toHaveLength(1));
    const ended = expect(probing).rejects.toThrow('closed');
    await prober.close();
    await ended;
    await expect(prober.probe(silent.target)).rejects.toThrow('closed');
  });
});
