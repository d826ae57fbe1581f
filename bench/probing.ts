// How many gateways one process can probe over UDP. Two measurements: TARGETS gateways each EVERY seconds, evenly spread, and as many
// as it can with a number of them under way at all times. Beside them: bare dgram asking the same answerer the same way.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProber } from '@oriontel/sip-gateways/worker';

const GATEWAYS = Number(process.argv[2] ?? 5_000);
const PROBE_INTERVAL_MS = Number(process.argv[3] ?? 10) * 1_000;
const ROUNDS = Number(process.argv[4] ?? 3);
const CONCURRENCY = 200;
const SATURATION_MS = 5_000;

const answerer = fork(new URL('./respond-to-options.ts', import.meta.url), { execArgv: process.execArgv });
const [port] = (await once(answerer, 'message')) as [number];
const target = { host: '127.0.0.1', port, transport: 'udp' as const, timeoutMs: 5_000, allowPrivate: true };

function quantile(values: number[], share: number): number {
  return (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
  );
}
const ms = (value: number): string => `${value.toFixed(2)} ms`;
const rss = (): string => `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`;

/** The share of one core that this process used during the work. */
function measureCpu() {
  const began = performance.now();
  const before = process.cpuUsage();
  return function cpuShare(): number {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / (performance.now() - began);
  };
}

const prober = createProber();
try {
  console.log(`${cpus().length} cores, answerer in another process on the same machine; idle ${rss()}`);

  const late: number[] = [];
  const latencies: number[] = [];
  let bad = 0;
  const probes: Promise<unknown>[] = [];
  const cpu = measureCpu();
  const began = performance.now();
  const total = GATEWAYS * ROUNDS;
  for (let next = 0; next < total;) {
    const now = performance.now() - began;
    for (; next < total && (next * PROBE_INTERVAL_MS) / GATEWAYS <= now; next += 1) {
      late.push(performance.now() - began - (next * PROBE_INTERVAL_MS) / GATEWAYS);
      const probing = prober.probe(target).then(({ status, sent, latencyMs }) => {
        if (status !== 'up' || sent !== 1) bad += 1;
        latencies.push(latencyMs ?? NaN);
      });
      probes.push(probing);
    }
    await sleep(1);
  }
  await Promise.all(probes);
  console.log(`
${GATEWAYS} gateways every ${PROBE_INTERVAL_MS / 1_000} s, ${ROUNDS} rounds
  sends late by            p50 ${ms(quantile(late, 0.5))}, p99 ${ms(quantile(late, 0.99))}, most ${ms(Math.max(...late))}
  latency measured         p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))}
  not up at the first copy ${bad}
  CPU                      ${(100 * cpu()).toFixed(1)} % of a core; ${rss()}`);

  let probed = 0;
  const busy = measureCpu();
  const end = performance.now() + SATURATION_MS;
  async function keepProbing(): Promise<void> {
    for (; performance.now() < end; probed += 1) await prober.probe(target);
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, keepProbing));
  const rate = probed / (SATURATION_MS / 1_000);
  const share = busy();

  const bare = createSocket('udp4');
  const request = 'OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n'.padEnd(
    400,
  );
  let asked = 0;
  const bareEnd = performance.now() + SATURATION_MS;
  bare.on('message', () => {
    asked += 1;
    if (performance.now() < bareEnd) bare.send(request, port, '127.0.0.1');
  });
  for (let i = 0; i < CONCURRENCY; i += 1) bare.send(request, port, '127.0.0.1');
  await sleep(SATURATION_MS + 500);
  bare.close();
  const bareRate = asked / (SATURATION_MS / 1_000);
  console.log(`
as many as it can, ${CONCURRENCY} under way
  probes a second          ${Math.round(rate)} with ${(100 * share).toFixed(0)} % of a core; ${rss()}
  bare dgram, a second     ${Math.round(bareRate)}; ratio ${(rate / bareRate).toFixed(2)}
  dropped                  ${JSON.stringify(prober.dropped())}`);
} finally {
  await prober.close();
  answerer.disconnect();
}
