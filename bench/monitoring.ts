// The whole gateway-monitor: one process that probes GATEWAYS, each EVERY seconds, and stores what it measures. How late the probes
// are is seen by whom they reach: each gateway is an address of its own, and the gap between two probes says it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchStack } from './stack.ts';

const GATEWAYS = Number(process.argv[2] ?? 5_000);
const PROBE_INTERVAL_SECONDS = Number(process.argv[3] ?? 10);
const ROUNDS = Number(process.argv[4] ?? 6);
/** Ticks of a second in /proc, as Linux has them everywhere. */
const TICKS_PER_SECOND = 100;

interface Gaps {
  count: number;
  p50: number;
  p99: number;
  most: number;
  least: number;
}

const answerer = fork(new URL('./simulate-gateways.ts', import.meta.url), { execArgv: process.execArgv });
const [port] = (await once(answerer, 'message')) as [number];
async function requestGaps(about: 'reset' | 'gaps'): Promise<Gaps> {
  answerer.send(about);
  return ((await once(answerer, 'message')) as [Gaps])[0];
}

/** Seconds of processor that a process has used. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
async function describeMemory(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024)} MiB, at most ${Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1_024)} MiB`;
}

console.log('Starting a stack of its own …');
const stack = await startBenchStack({ PROBE_ALLOW_PRIVATE: 'on' });
try {
  await stack.sql.query(
    `INSERT INTO gateways (org_id, id, key, name, host, port, transport, interval_seconds, timeout_ms, ok_codes, failures_to_down,
       successes_to_up, enabled)
     SELECT 1, 'bench-' || i, gen_random_uuid(), 'Bench ' || i, '127.1.' || i / 250 || '.' || i % 250 + 1, $1, 'udp', $2, 2000, '{}', 3, 2, true
     FROM generate_series(0, $3::int - 1) AS i`,
    [port, PROBE_INTERVAL_SECONDS, GATEWAYS],
  );
  await stack.sql.query(
    `INSERT INTO gateway_states (org_id, gateway_key) SELECT org_id, key FROM gateways ON CONFLICT DO NOTHING`,
  );
  async function count(what: string): Promise<number> {
    const { rows } = await stack.sql.query<{ count: string }>(`SELECT count(*) FROM ${what}`);
    return Number(rows[0]!.count);
  }
  const stored = (): Promise<number> => count('gateway_results');
  // Each has begun its round.
  await sleep((PROBE_INTERVAL_SECONDS + 5) * 1_000);
  await requestGaps('reset');
  const pid = stack.pids()['gateway-monitor']!;
  const [cpu, results, began] = [await cpuSecondsOf(pid), await stored(), performance.now()];
  await sleep(ROUNDS * PROBE_INTERVAL_SECONDS * 1_000);
  const seconds = (performance.now() - began) / 1_000;
  const share = (await cpuSecondsOf(pid)) - cpu;
  const gaps = await requestGaps('gaps');
  const rate = ((await stored()) - results) / seconds;
  const due = GATEWAYS / PROBE_INTERVAL_SECONDS;
  const up = await count(`gateway_states WHERE status = 'up'`);
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  console.log(`
${GATEWAYS} gateways every ${PROBE_INTERVAL_SECONDS} s for ${Math.round(seconds)} s, one gateway-monitor (it probes and stores)
  probes that came      ${gaps.count}; late by p50 ${ms(gaps.p50)}, p99 ${ms(gaps.p99)}, most ${ms(gaps.most)}; early by at most ${ms(-gaps.least)}
  results stored        ${rate.toFixed(1)} a second: ${(rate / due).toFixed(3)} of those due
  up                    ${up} of ${GATEWAYS}
  CPU                   ${((100 * share) / seconds).toFixed(1)} % of a core; memory ${await describeMemory(pid)}`);
} finally {
  await stack.stop();
  answerer.disconnect();
}
