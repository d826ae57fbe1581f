import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { gateways, type FoundGateway } from '@oriontel/sip-gateways';
import { createTestGateway } from '@oriontel/sip-gateways/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const GATEWAYS = 60;
/** The shortest interval that is allowed. */
const INTERVAL_SECONDS = 5;
/** The longest delay that a takeover may add to a probe. */
const TAKEOVER_TIMEOUT_MS = 15_000;

const program = fileURLToPath(new URL('../dist/apps/gateway-monitor/main.js', import.meta.url));
const waiting = { timeout: 60_000, interval: 50 };

let database: TestDatabase;
let responder: Socket;
let testGateways: FoundGateway[];
/** Probe times in milliseconds (performance.now) by host; each gateway has its own loopback address. */
let probeTimes: Map<string, number[]>;
const monitors: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  responder = await startSipResponder();
  const { port } = responder.address();
  testGateways = [];
  for (let i = 1; i <= GATEWAYS; i += 1) {
    const host = `127.0.1.${i}`;
    testGateways.push(
      await createTestGateway(database.db, {
        host,
        port,
        interval_seconds: INTERVAL_SECONDS,
        timeout_ms: 2_000,
      }),
    );
  }
});
afterEach(async () => {
  for (const monitor of monitors.splice(0)) await end(monitor, 'SIGTERM');
});
afterAll(async () => {
  responder?.close();
  await database?.drop();
});

/** Responds to every OPTIONS sent to any address of 127.0.0.0/8 and records its time in `probeTimes`. */
async function startSipResponder(): Promise<Socket> {
  probeTimes = new Map();
  const socket = createSocket('udp4');
  socket.on('message', (message, from: AddressInfo) => {
    const [line = '', ...headers] = message.toString().split('\r\n');
    const host = /^OPTIONS sip:([\d.]+)/.exec(line)?.[1];
    if (!host) return;
    probeTimes.set(host, [...(probeTimes.get(host) ?? []), performance.now()]);
    const echoed = headers.filter((header) => /^(via|from|to|call-id|cseq):/i.test(header));
    const tagged = echoed.map((header) => (/^to:/i.test(header) ? `${header};tag=a` : header));
    const response = ['SIP/2.0 200 OK', ...tagged, 'Content-Length: 0', '', ''].join('\r\n');
    socket.send(response, from.port, from.address);
  });
  socket.bind(0, '0.0.0.0');
  await once(socket, 'listening');
  return socket;
}

function startMonitor(): ChildProcess {
  const monitor = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      ADMIN_PORT: '0',
      LOG_LEVEL: 'error',
      PROBE_ALLOW_PRIVATE: 'on',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  monitors.push(monitor);
  return monitor;
}

async function end(monitor: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (monitor.exitCode !== null || monitor.signalCode !== null) return;
  const ended = once(monitor, 'exit');
  monitor.kill(signal);
  await ended;
}

function fewestProbes(since = 0): number {
  return Math.min(
    ...testGateways.map(({ host }) => (probeTimes.get(host) ?? []).filter((at) => at > since).length),
  );
}
async function heldShardCounts(): Promise<number[]> {
  const rows = await database.db.$queryRaw<{ held: number }[]>`
    SELECT count(*)::int AS held
    FROM monitor_shards
    WHERE leased_until > now()
      AND monitor_id IS NOT NULL
    GROUP BY monitor_id`;
  return rows.map(({ held }) => held);
}
const gaps = (times: number[]): number[] => times.slice(1).map((at, index) => at - times[index]!);

it('a monitor takes over the gateways of a killed one and probes none twice per interval', async () => {
  const [first] = [startMonitor(), startMonitor()];
  await expect.poll(heldShardCounts, waiting).toEqual([32, 32]);
  await expect.poll(() => fewestProbes(), waiting).toBeGreaterThanOrEqual(2);

  const killed = performance.now();
  await end(first, 'SIGKILL');
  await expect.poll(() => fewestProbes(killed), waiting).toBeGreaterThanOrEqual(3);

  for (const { host } of testGateways) {
    const probeGaps = gaps(probeTimes.get(host)!);
    expect(Math.max(...probeGaps), host).toBeLessThan(TAKEOVER_TIMEOUT_MS + INTERVAL_SECONDS * 1_000);
    // On a busy machine two datagrams can be delayed differently.
    expect(Math.min(...probeGaps), host).toBeGreaterThan(INTERVAL_SECONDS * 1_000 - 1_500);
  }
  expect(await heldShardCounts()).toEqual([64]);
}, 120_000);

it('gateway changes take effect within seconds, and probe results become the gateway status', async () => {
  startMonitor();
  await expect.poll(() => statusOf(testGateways[0]!), waiting).toBe('up');

  const port = responder.address().port;
  const added = await createTestGateway(database.db, {
    host: '127.0.2.1',
    port,
    interval_seconds: INTERVAL_SECONDS,
  });
  await expect.poll(() => probeTimes.has('127.0.2.1'), waiting).toBe(true);
  await gateways(database.db).update({ ...added, host: '127.0.2.2' });
  await expect.poll(() => probeTimes.has('127.0.2.2'), { timeout: 5_000, interval: 20 }).toBe(true);

  await gateways(database.db).update({ ...added, host: '127.0.2.2', enabled: false });
  await gateways(database.db).delete(testGateways[1]!);
  async function removedAreSilent() {
    const count = () =>
      [added.host, '127.0.2.2', testGateways[1]!.host].map((host) => probeTimes.get(host)?.length);
    const before = count();
    const others = probesOfFirstGateway();
    await expect.poll(probesOfFirstGateway, waiting).toBeGreaterThan(others + 1);
    return JSON.stringify(before) === JSON.stringify(count());
  }
  await expect.poll(removedAreSilent, waiting).toBe(true);
}, 120_000);

const probesOfFirstGateway = (): number => probeTimes.get(testGateways[0]!.host)!.length;

async function statusOf({ key }: FoundGateway): Promise<string | undefined> {
  const [row] = await database.db.$queryRaw<{ status: string }[]>`
    SELECT status
    FROM gateway_states
    WHERE gateway_key = ${key}::uuid`;
  return row?.status;
}
