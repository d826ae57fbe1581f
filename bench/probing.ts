// Benchmark of the prober: how many gateways one process can probe over UDP. Two measurements: gateways at an
// even interval, and as many probes as possible with CONCURRENCY in flight, the latter also with bare dgram
// against the same responder.
// `npm run bench:probing -- <gateways> <interval seconds> <rounds>`
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProber } from '@oriontel/sip-gateways/worker';
import { quantile } from './statistics.ts';

const GATEWAYS = Number(process.argv[2] ?? 5_000);
const PROBE_INTERVAL_MS = Number(process.argv[3] ?? 10) * 1_000;
const ROUNDS = Number(process.argv[4] ?? 3);
const CONCURRENCY = 200;
const SATURATION_MS = 5_000;
/** About the size of an OPTIONS request of the prober. */
const BARE_REQUEST_BYTES = 400;

const responder = fork(new URL('./respond-to-options.ts', import.meta.url), { execArgv: process.execArgv });
const [port] = (await once(responder, 'message')) as [number];
const target = { host: '127.0.0.1', port, transport: 'udp' as const, timeoutMs: 5_000, allowPrivate: true };
const prober = createProber();

const ms = (value: number): string => `${value.toFixed(2)} ms`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const rss = (): string => `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`;

/** Returns a function that returns the share of one core that this process has used since. */
function measureCpu() {
  const started = performance.now();
  const before = process.cpuUsage();
  return function cpuShare(): number {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / (performance.now() - started);
  };
}

/** Probes GATEWAYS at even intervals for ROUNDS rounds and prints how late probes are sent. */
async function measureEvenProbing(): Promise<void> {
  const late: number[] = [];
  const latencies: number[] = [];
  const probes: Promise<void>[] = [];
  let failed = 0;
  async function probe(): Promise<void> {
    const { status, sent, latencyMs } = await prober.probe(target);
    if (status !== 'up' || sent !== 1) failed += 1;
    latencies.push(latencyMs ?? NaN);
  }
  const cpuShare = measureCpu();
  const started = performance.now();
  const total = GATEWAYS * ROUNDS;
  for (let next = 0; next < total;) {
    const now = performance.now() - started;
    for (; next < total && (next * PROBE_INTERVAL_MS) / GATEWAYS <= now; next += 1) {
      late.push(performance.now() - started - (next * PROBE_INTERVAL_MS) / GATEWAYS);
      probes.push(probe());
    }
    await sleep(1);
  }
  await Promise.all(probes);
  const maxLate = ms(Math.max(...late));
  console.log(`
${GATEWAYS} gateways every ${PROBE_INTERVAL_MS / 1_000} s, ${ROUNDS} rounds
  sends late by            p50 ${ms(quantile(late, 0.5))}, p99 ${ms(quantile(late, 0.99))}, max ${maxLate}
  latency measured         p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))}
  not up at first request  ${failed}
  CPU                      ${percent(cpuShare())} of a core; ${rss()}`);
}

/** Probes per second with CONCURRENCY in flight, and the share of one core that takes. */
async function measureSaturatedRate(): Promise<{ rate: number; share: number }> {
  let probed = 0;
  const cpuShare = measureCpu();
  const end = performance.now() + SATURATION_MS;
  async function keepProbing(): Promise<void> {
    for (; performance.now() < end; probed += 1) await prober.probe(target);
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, keepProbing));
  return { rate: probed / (SATURATION_MS / 1_000), share: cpuShare() };
}

/** Responses per second of a bare dgram socket with CONCURRENCY requests in flight. */
async function measureBareRate(): Promise<number> {
  const socket = createSocket('udp4');
  const head = 'OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n';
  const request = head.padEnd(BARE_REQUEST_BYTES);
  let responses = 0;
  const end = performance.now() + SATURATION_MS;
  socket.on('message', () => {
    responses += 1;
    if (performance.now() < end) socket.send(request, port, '127.0.0.1');
  });
  for (let i = 0; i < CONCURRENCY; i += 1) socket.send(request, port, '127.0.0.1');
  await sleep(SATURATION_MS + 500);
  socket.close();
  return responses / (SATURATION_MS / 1_000);
}

try {
  console.log(`${cpus().length} cores, responder in another process on the same machine; idle ${rss()}`);
  await measureEvenProbing();
  const { rate, share } = await measureSaturatedRate();
  const memory = rss();
  const bareRate = await measureBareRate();
  console.log(`
as many as possible, ${CONCURRENCY} in flight
  probes per second        ${Math.round(rate)} with ${percent(share)} of a core; ${memory}
  bare dgram, per second   ${Math.round(bareRate)}; ratio ${(rate / bareRate).toFixed(2)}
  dropped                  ${JSON.stringify(prober.dropped())}`);
} finally {
  await prober.close();
  responder.disconnect();
}
