import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicrosecondsEach, readCpuSeconds } from '../cpu-time.ts';
import { sendBodies, type Body, type LoadResult } from '../send-bodies.ts';
import type { BenchStack } from '../stack.ts';
import { measureCopyRate } from './measure-copy.ts';
import type { TableState } from './tables.ts';
import type { Workload } from './workloads.ts';

/** Records per second. */
export interface Round {
  /** Until the last was acknowledged. */
  acknowledged: number;
  /** Until the last was in its final table. */
  stored: number;
  /** A bare Fastify route that parses the same bodies. */
  bare: number;
  /** The other baseline of the workload, if it has one. */
  baseline: number | null;
  /** CPU time of each process of the system, in microseconds per record. */
  cpuMicroseconds: Record<string, number>;
}

const POLL_INTERVAL_MS = 20;
/** The naive peer is slow; its rate does not depend on the number of requests. */
const NAIVE_REQUEST_SHARE = 0.25;

function countRecords(bodies: Body[]): number {
  return bodies.reduce((sum, { records }) => sum + records, 0);
}

function rateOf(bodies: Body[], { seconds }: { seconds: number }): number {
  return countRecords(bodies) / seconds;
}

async function waitUntilStored(stack: BenchStack, workload: Workload, bodies: Body[]) {
  const started = performance.now();
  const records = countRecords(bodies);
  while ((await workload.countFinished(stack.sql)) < records) await sleep(POLL_INTERVAL_MS);
  return { seconds: (performance.now() - started) / 1000 };
}

/** One round with the same bodies: bare route, the system, and the baseline of the workload. */
export async function measureRound(
  stack: BenchStack,
  workload: Workload,
  state: TableState,
  seed: number,
): Promise<Round> {
  const { connections, requests } = workload;
  const bodies = workload.createBodies({ seed, requests, from: state.from, to: state.to });
  const load = { token: stack.token, bodies, connections };
  const bare = await sendBodies({ ...load, baseUrl: stack.bareUrl });
  await state.prepare();
  const roots = { ...stack.pids(), ...stack.serverPids };
  const cpuBefore = readCpuSeconds(roots);
  const [acknowledged, stored] = await Promise.all([
    sendBodies({ ...load, baseUrl: stack.baseUrl }),
    waitUntilStored(stack, workload, bodies),
  ]);
  const cpuAfter = readCpuSeconds(roots);
  return {
    acknowledged: rateOf(bodies, acknowledged),
    stored: rateOf(bodies, stored),
    bare: rateOf(bodies, bare),
    baseline: await measureBaseline(stack, workload, state, bodies),
    cpuMicroseconds: cpuMicrosecondsEach(cpuBefore, cpuAfter, countRecords(bodies)),
  };
}

async function measureBaseline(
  { sql, naiveUrl, token }: BenchStack,
  { baseline, connections }: Workload,
  { prepare }: TableState,
  bodies: Body[],
): Promise<number | null> {
  if (baseline === 'COPY') return measureCopyRate(sql, bodies.map(batchIdOf), prepare);
  if (baseline === null) return null;
  const some = bodies.slice(0, Math.ceil(bodies.length * NAIVE_REQUEST_SHARE));
  await prepare();
  return rateOf(some, await sendBodies({ baseUrl: naiveUrl, token, bodies: some, connections }));
}

function batchIdOf({ path }: Body): string {
  return /^\/cdr\/([^?]+)/.exec(path)![1]!;
}

/** Latency of the acknowledgements while requests come at half of the rate at which they can be stored. */
export async function measureLatency(
  stack: BenchStack,
  workload: Workload,
  state: TableState,
  options: { seed: number; recordsPerSecond: number; seconds: number },
): Promise<LoadResult> {
  const requestsPerSecond = Math.ceil(options.recordsPerSecond / 2);
  const bodies = workload.createBodies({
    seed: options.seed,
    requests: requestsPerSecond * options.seconds,
    from: state.from,
    to: state.to,
  });
  await state.prepare();
  const [result] = await Promise.all([
    sendBodies({
      baseUrl: stack.baseUrl,
      token: stack.token,
      bodies,
      connections: workload.connections,
      requestsPerSecond,
    }),
    waitUntilStored(stack, workload, bodies),
  ]);
  return result;
}
