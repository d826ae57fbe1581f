import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProber, type ProberOptions } from '@oriontel/sip-gateways/worker';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { freePort, isInstalled, startPeer } from './sip-peers/start-peer.ts';

const peers = fileURLToPath(new URL('./sip-peers', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oriontel-sip-peers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function createTestProber(options?: ProberOptions) {
  const prober = createProber(options);
  stops.push(prober.close);
  return prober;
}
function probeTarget(port: number, transport: 'udp' | 'tcp' | 'tls' = 'udp') {
  return {
    host: '127.0.0.1',
    port,
    transport,
    timeoutMs: 10_000,
    allowPrivate: true,
  };
}

it.each(['udp', 'tcp', 'tls'] as const)('a port without a listener is down over %s', async (transport) => {
  const port = await freePort();
  const result = await createTestProber().probe({ ...probeTarget(port, transport), timeoutMs: 600 });
  expect(result).toMatchObject({ status: 'down', latencyMs: null, sipCode: null });
  expect(result.error).toBe(transport === 'udp' ? 'timeout' : 'refused');
});

if (isInstalled('sipp')) {
  describe('a SIPp that', () => {
    async function start(scenario: string, { status = '', pause = 0 } = {}) {
      const file = join(folder, `${scenario}.xml`);
      writeFileSync(file, readFileSync(join(peers, `${scenario}.xml`), 'utf8').replace('%STATUS%', status));
      const args = ['-sf', file, '-i', '127.0.0.1', '-nostdin', '-d', String(pause)];
      const peer = await startPeer('sipp', folder, async (port) => [...args, '-p', String(port)]);
      stops.push(peer.stop);
      return peer;
    }

    it.each([
      ['200 OK', 'up', null],
      ['404 Not Found', 'up', null],
      ['405 Method Not Allowed', 'up', null],
      ['503 Service Unavailable', 'degraded', 'unavailable'],
      ['408 Request Timeout', 'down', 'request_timeout'],
    ])('answers %s is %s', async (status, expected, error) => {
      const { port } = await start('answers', { status });
      expect(await createTestProber().probe(probeTarget(port))).toMatchObject({
        status: expected,
        error,
        sipCode: Number(status.slice(0, 3)),
        latencyMs: expect.any(Number) as number,
        reason: `Answered ${status}.`,
      });
    });

    it('stops is down', async () => {
      const { port, stop } = await start('answers', { status: '200 OK' });
      const prober = createTestProber();
      expect(await prober.probe(probeTarget(port))).toMatchObject({ status: 'up' });
      await stop();
      expect(await prober.probe({ ...probeTarget(port), timeoutMs: 1_000 })).toMatchObject({
        status: 'down',
        error: 'timeout',
        sent: 2,
        lossPercent: 100,
      });
    });

    it('drops every third packet is up with about a third lost', async () => {
      const { port } = await start('drops-every-third');
      const prober = createTestProber();
      const results = await Promise.all(Array.from({ length: 60 }, () => prober.probe(probeTarget(port))));
      expect(results.filter(({ status }) => status === 'up')).toHaveLength(60);
      const sent = results.reduce((sum, result) => sum + result.sent, 0);
      const lost = results.reduce((sum, result) => sum + (result.sent * result.lossPercent!) / 100, 0);
      expect(lost / sent).toBeGreaterThan(0.2);
      expect(lost / sent).toBeLessThan(0.45);
    });

    it('responds late is up with the latency of the request it answered', async () => {
      const { port } = await start('late', { pause: 300 });
      const result = await createTestProber().probe(probeTarget(port));
      expect(result).toMatchObject({ status: 'up', lossPercent: 0 });
      expect(result.latencyMs).toBeGreaterThanOrEqual(290);
    });

    it('responds after the timeout is down, and its response is dropped', async () => {
      const { port } = await start('late', { pause: 400 });
      const prober = createTestProber();
      expect(await prober.probe({ ...probeTarget(port), timeoutMs: 200 })).toMatchObject({
        error: 'timeout',
      });
      await vi.waitFor(() => expect(prober.dropped().unmatched).toBeGreaterThan(0), { timeout: 10_000 });
    });

    it('sends 100 Trying first is up by its final response', async () => {
      const { port } = await start('provisional');
      expect(await createTestProber().probe(probeTarget(port))).toMatchObject({ status: 'up', sipCode: 200 });
    });

    it('responds twice is up, and the second response is dropped', async () => {
      const { port } = await start('twice');
      const prober = createTestProber();
      expect(await prober.probe(probeTarget(port))).toMatchObject({ status: 'up', sent: 1 });
      await vi.waitFor(() => expect(prober.dropped()).toEqual({ malformed: 0, unmatched: 1 }), {
        timeout: 10_000,
      });
    });

    it('responds with another Via branch times out, and its response is dropped', async () => {
      const { port } = await start('wrong-branch');
      const prober = createTestProber();
      expect(await prober.probe({ ...probeTarget(port), timeoutMs: 450 })).toMatchObject({
        error: 'timeout',
      });
      await vi.waitFor(() => expect(prober.dropped().unmatched).toBeGreaterThan(0), { timeout: 10_000 });
    });

    it('responds with a malformed message is down with the error malformed', async () => {
      const { port } = await start('malformed');
      expect(await createTestProber().probe({ ...probeTarget(port), timeoutMs: 2_000 })).toMatchObject({
        status: 'down',
        error: 'malformed',
      });
    });
  });
}

if (isInstalled('kamailio') && isInstalled('openssl')) {
  describe('a Kamailio', () => {
    async function start() {
      const subject = '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1';
      const key = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
      const args = `req -x509 ${key} -days 2 ${subject} -keyout key.pem -out cert.pem`;
      execFileSync('openssl', args.split(' '), { cwd: folder, stdio: 'ignore' });
      let tlsPort = 0;
      const peer = await startPeer('kamailio', folder, async (port) => {
        tlsPort = await freePort();
        const config = readFileSync(join(peers, 'kamailio.cfg'), 'utf8')
          .replaceAll('%FOLDER%', folder)
          .replaceAll('%TLS_PORT%', String(tlsPort))
          .replaceAll('%PORT%', String(port));
        writeFileSync(join(folder, 'kamailio.cfg'), config);
        return ['-f', join(folder, 'kamailio.cfg'), '-DD', '-Y', folder, '-m', '32', '-M', '4'];
      });
      stops.push(peer.stop);
      return { ...peer, tlsPort };
    }

    it('is up over UDP, TCP and TLS if its certificate is trusted or not verified', async () => {
      const { port, tlsPort } = await start();
      const trusting = createTestProber({ tlsCa: readFileSync(join(folder, 'cert.pem'), 'utf8') });
      const up = { status: 'up', sipCode: 200, sent: 1, lossPercent: 0 };
      // Kamailio opens its ports one after another: wait for the last.
      await vi.waitFor(
        async () => expect(await trusting.probe(probeTarget(tlsPort, 'tls'))).toMatchObject(up),
        {
          timeout: 15_000,
        },
      );
      expect(await trusting.probe(probeTarget(port))).toMatchObject({ status: 'up' });
      expect(await trusting.probe(probeTarget(port, 'tcp'))).toMatchObject(up);
      expect(await trusting.probe({ ...probeTarget(tlsPort, 'tls'), host: 'localhost' })).toMatchObject(up);
      expect(await createTestProber({ tlsVerify: false }).probe(probeTarget(tlsPort, 'tls'))).toMatchObject(
        up,
      );
      expect(await createTestProber().probe(probeTarget(tlsPort, 'tls'))).toMatchObject({
        status: 'down',
        error: 'tls',
        reason: 'TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT).',
      });
    });
  });
}
