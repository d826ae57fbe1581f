// Benchmark of the intake: batches, single CDRs, mod_json_cdr documents and audit events, into an empty
// table, a full one and the first hour of a month, against a bare Fastify route, COPY and a naive peer.
// About 25 minutes with 10,000,000 rows: `npm run bench -- [--rows 10000000] [--rounds 3] [--scale 1]
// [--only 'single CDRs'] [--states empty,full,fresh] [--json FILE]`
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startBenchStack } from '../stack.ts';
import { median } from '../statistics.ts';
import { measureLatency, measureRound, type Round } from './measure-round.ts';
import { addOrganizations, emptyTable, freshPartition, fullTable, type TableState } from './tables.ts';
import { createWorkloads, type Workload } from './workloads.ts';

const WARM_UP_SHARE = 0.2;
const LATENCY_SECONDS = 10;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    states: { type: 'string', default: 'empty,fresh,full' },
    json: { type: 'string' },
  },
});
const [rows, rounds, scale] = [values.rows, values.rounds, values.scale].map(Number) as [
  number,
  number,
  number,
];

interface Result {
  workload: string;
  table: string;
  queues: string;
  rounds: Round[];
  /** Of acknowledgements at half of the maximum load; only for single records. */
  latencyMs: { p50: number; p99: number } | null;
}

const stack = await startBenchStack();
let seed = 1_000;

async function measure(workload: Workload, state: TableState): Promise<Result> {
  const warmUp = { ...workload, requests: Math.ceil(workload.requests * WARM_UP_SHARE) };
  await measureRound(stack, warmUp, state, (seed += 1));
  const measured: Round[] = [];
  while (measured.length < rounds) measured.push(await measureRound(stack, workload, state, (seed += 1)));
  const recordsPerSecond = median(measured.map(({ stored }) => stored));
  const single = workload.baseline !== 'COPY';
  const latency = single
    ? await measureLatency(stack, workload, state, {
        seed: (seed += 1),
        recordsPerSecond,
        seconds: LATENCY_SECONDS,
      })
    : null;
  return {
    workload: workload.name,
    table: state.name,
    queues: stack.queues,
    rounds: measured,
    latencyMs: latency && { p50: latency.p50Ms, p99: latency.p99Ms },
  };
}

function formatResult(
  { workload, table, rounds: measured, latencyMs }: Result,
  baseline: string | null,
): string {
  const rate = (figure: 'acknowledged' | 'stored' | 'bare' | 'baseline') =>
    Math.round(median(measured.map((round) => round[figure] ?? NaN))).toLocaleString('en-US');
  const ratio = (figure: 'acknowledged' | 'stored', divisor: 'bare' | 'baseline') =>
    median(measured.map((round) => round[figure] / (round[divisor] ?? NaN))).toFixed(2);
  const compared = baseline
    ? `; ${baseline} ${rate('baseline')}/s: acknowledged ${ratio('acknowledged', 'baseline')}, ` +
      `stored ${ratio('stored', 'baseline')} of it`
    : '';
  const cpu = Object.keys(measured[0]!.cpuMicroseconds)
    .map((name) => `${name} ${median(measured.map((round) => round.cpuMicroseconds[name]!))}`)
    .join(', ');
  const latency = latencyMs ? `; at half load p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms` : '';
  return (
    `${workload}, ${table}: acknowledged ${rate('acknowledged')}/s, stored ${rate('stored')}/s; ` +
    `bare route ${rate('bare')}/s: stored ${ratio('stored', 'bare')} of it${compared}${latency}; ` +
    `CPU us per record: ${cpu}`
  );
}

try {
  console.log(
    `Intake on ${cpus().length} cores, queues in ${stack.queues}, client and servers on one machine; ` +
      `medians of ${rounds} rounds.`,
  );
  await addOrganizations(stack);
  const states: Record<string, () => Promise<TableState>> = {
    empty: async () => emptyTable(stack.sql),
    fresh: async () => freshPartition(stack.sql),
    full: () => fullTable(stack, rows),
  };
  const results: Result[] = [];
  for (const name of values.states.split(',')) {
    const state = await states[name]!();
    for (const workload of createWorkloads(scale)) {
      if (values.only && workload.name !== values.only) continue;
      const result = await measure(workload, state);
      results.push(result);
      console.log(formatResult(result, workload.baseline));
    }
  }
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await stack.stop();
}
