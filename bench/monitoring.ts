// Benchmark of the whole gateway-monitor: one process probes 5,000 gateways every 10 s and stores results.
// Each gateway is an address of its own, so the gaps between the probes it receives show how late they are.
// `npm run bench:monitoring -- <gateways> <interval seconds> <rounds>`
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchStack } from './stack.ts';

const GATEWAYS = Number(process.argv[2] ?? 5_000);
const PROBE_INTERVAL_SECONDS = Number(process.argv[3] ?? 10);
const ROUNDS = Number(process.argv[4] ?? 6);
/** Clock ticks per second in /proc/<pid>/stat (USER_HZ, 100 on Linux). */
const TICKS_PER_SECOND = 100;
/** Added to one interval: by then every gateway was probed once. */
const WARM_UP_SECONDS = 5;

/** Deviation of the gaps between two probes from the interval, in milliseconds. */
interface Gaps {
  count: number;
  p50: number;
  p99: number;
  max: number;
  min: number;
}

const responder = fork(new URL('./simulate-gateways.ts', import.meta.url), { execArgv: process.execArgv });
const [port] = (await once(responder, 'message')) as [number];

async function requestGaps(message: 'reset' | 'gaps'): Promise<Gaps> {
  responder.send(message);
  return ((await once(responder, 'message')) as [Gaps])[0];
}

/** CPU time in seconds that a process has used, user and system. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function describeMemory(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  function mebibytes(field: RegExp): number {
    return Math.round(Number(field.exec(status)![1]) / 1_024);
  }
  return `${mebibytes(/VmRSS:\s+(\d+)/)} MiB, peak ${mebibytes(/VmHWM:\s+(\d+)/)} MiB`;
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;

console.log('Starting a separate stack …');
const stack = await startBenchStack({ PROBE_ALLOW_PRIVATE: 'on' });

async function insertGateways(): Promise<void> {
  await stack.sql.query(
    `INSERT INTO gateways (org_id, id, key, name, host, port, transport, interval_seconds, timeout_ms,
       ok_codes, failures_to_down, successes_to_up, enabled)
     SELECT 1, 'bench-' || i, gen_random_uuid(), 'Bench ' || i, '127.1.' || i / 250 || '.' || i % 250 + 1,
       $1, 'udp', $2, 2000, '{}', 3, 2, true
     FROM generate_series(0, $3::int - 1) AS i`,
    [port, PROBE_INTERVAL_SECONDS, GATEWAYS],
  );
  await stack.sql.query(
    `INSERT INTO gateway_states (org_id, gateway_key)
     SELECT org_id, key
     FROM gateways
     ON CONFLICT DO NOTHING`,
  );
}

async function countRows(from: string): Promise<number> {
  const { rows } = await stack.sql.query<{ count: string }>(`SELECT count(*) FROM ${from}`);
  return Number(rows[0]!.count);
}

try {
  await insertGateways();
  await sleep((PROBE_INTERVAL_SECONDS + WARM_UP_SECONDS) * 1_000);
  await requestGaps('reset');
  const pid = stack.pids()['gateway-monitor']!;
  const [cpuBefore, resultsBefore] = [await cpuSecondsOf(pid), await countRows('gateway_results')];
  const started = performance.now();
  await sleep(ROUNDS * PROBE_INTERVAL_SECONDS * 1_000);
  const seconds = (performance.now() - started) / 1_000;
  const cpuPercent = (100 * ((await cpuSecondsOf(pid)) - cpuBefore)) / seconds;
  const gaps = await requestGaps('gaps');
  const storedRate = ((await countRows('gateway_results')) - resultsBefore) / seconds;
  const dueRate = GATEWAYS / PROBE_INTERVAL_SECONDS;
  const up = await countRows(`gateway_states WHERE status = 'up'`);
  const late = `late by p50 ${ms(gaps.p50)}, p99 ${ms(gaps.p99)}, max ${ms(gaps.max)}`;
  console.log(`
${GATEWAYS} gateways every ${PROBE_INTERVAL_SECONDS} s for ${Math.round(seconds)} s, one gateway-monitor
  probes received       ${gaps.count}; ${late}; early by max ${ms(-gaps.min)}
  results stored        ${storedRate.toFixed(1)} per second: ${(storedRate / dueRate).toFixed(3)} of those due
  up                    ${up} of ${GATEWAYS}
  CPU                   ${cpuPercent.toFixed(1)} % of a core; memory ${await describeMemory(pid)}`);
} finally {
  await stack.stop();
  responder.disconnect();
}
