// Benchmark of CDR tasks: reprocess and clean up stored calls (1,000,000 unless given), and what a running
// task costs the intake. `npm run bench:munch -- 1000000`
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendBodies } from './send-bodies.ts';
import { peakMebibytes, resetPeakMemory } from './process-memory.ts';
import { createUniformBatches } from './create-uniform-batches.ts';
import { startBenchStack } from './stack.ts';
import { median } from './statistics.ts';
import { countStoredRecords, loadStoredCdrs } from './stored-cdrs.ts';

const CALLS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const BATCHES_PER_ROUND = 100;
const RECORDS_PER_BATCH = 1_000;
const RECORDS_PER_ROUND = BATCHES_PER_ROUND * RECORDS_PER_BATCH;

interface Task {
  state: string;
  counts: Record<string, number>;
}

interface IntakeRound {
  /** Records stored per second without a task. */
  alone: number;
  /** Records stored per second while a reprocess task runs. */
  duringTask: number;
  /** Calls that the task reprocessed during the measurement. */
  reprocessed: number;
}

const stack = await startBenchStack();

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(stack.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${stack.token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function readTask(id: string): Promise<Task> {
  return (await call<{ data: Task }>('GET', `/cdrmunch/task/${id}`)).data;
}

async function queueTask(task_type: string): Promise<string> {
  const body = { task_type, date_range: { end: '2024-12-31' } };
  return (await call<{ task_id: string }>('PUT', '/cdrmunch/task', body)).task_id;
}

function workerPid(): number {
  return stack.pids()['worker']!;
}

/** Runs a task to its end and prints its duration, rate, counts and the worker's peak memory. */
async function measureTask(name: string, type: string): Promise<void> {
  await resetPeakMemory(workerPid());
  const before = await peakMebibytes(workerPid());
  const started = performance.now();
  const id = await queueTask(type);
  let task = await readTask(id);
  for (; /queued|running/.test(task.state); task = await readTask(id)) await sleep(200);
  const seconds = (performance.now() - started) / 1000;
  const rate = Math.round(task.counts['processed']! / seconds);
  const peak = await peakMebibytes(workerPid());
  const counts = Object.fromEntries(Object.entries(task.counts).filter(([, count]) => count));
  console.log(
    `${name.padEnd(44)} ${task.state} in ${seconds.toFixed(1)} s, ${rate} calls/s; ` +
      `worker's peak ${before.toFixed(0)} -> ${peak.toFixed(0)} MiB  ${JSON.stringify(counts)}`,
  );
}

/** Records stored per second, from the first request to the last row. */
async function measureIntakeRate(): Promise<number> {
  const bodies = createUniformBatches(BATCHES_PER_ROUND, RECORDS_PER_BATCH);
  const expected = (await countStoredRecords(stack.sql)) + RECORDS_PER_ROUND;
  await stack.sql.query('CHECKPOINT');
  const started = performance.now();
  await sendBodies({ baseUrl: stack.baseUrl, token: stack.token, bodies, connections: 8 });
  while ((await countStoredRecords(stack.sql)) < expected) await sleep(10);
  return RECORDS_PER_ROUND / ((performance.now() - started) / 1000);
}

async function measureIntakeRateDuringTask(): Promise<{ rate: number; reprocessed: number }> {
  const id = await queueTask('reprocess');
  while ((await readTask(id)).counts['processed'] === 0) await sleep(50);
  const before = (await readTask(id)).counts['processed']!;
  const rate = await measureIntakeRate();
  const { state, counts } = await readTask(id);
  if (state === 'running') await call('DELETE', `/cdrmunch/task/${id}`);
  else console.log(`The task was ${state} before the round ended: run the benchmark with more calls.`);
  return { rate, reprocessed: counts['processed']! - before };
}

async function measureIntakeRounds(): Promise<IntakeRound[]> {
  const rounds: IntakeRound[] = [];
  while (rounds.length < ROUNDS) {
    const alone = await measureIntakeRate();
    const { rate: duringTask, reprocessed } = await measureIntakeRateDuringTask();
    rounds.push({ alone, duringTask, reprocessed });
  }
  return rounds;
}

function reportIntake(rounds: IntakeRound[]): void {
  function medianOf(pick: (round: IntakeRound) => number): number {
    return median(rounds.map(pick));
  }
  const ratio = medianOf(({ duringTask, alone }) => duringTask / alone).toFixed(3);
  console.log(
    `Intake, median of ${ROUNDS} alternating rounds: ` +
      `${Math.round(medianOf(({ alone }) => alone))} records/s stored alone, ` +
      `${Math.round(medianOf(({ duringTask }) => duringTask))} during a reprocess (ratio ${ratio}), ` +
      `which handled ${medianOf(({ reprocessed }) => reprocessed)} calls meanwhile`,
  );
}

try {
  console.log(
    `CDR tasks on ${cpus().length} cores, queues in ${stack.queues}, client and servers on one machine.`,
  );
  await loadStoredCdrs(stack.sql, CALLS);
  await measureIntakeRate();
  reportIntake(await measureIntakeRounds());
  await measureTask(`reprocess ${CALLS}, rest still to change`, 'reprocess');
  await measureTask(`reprocess ${CALLS}, nothing changes`, 'reprocess');
  await measureTask(`cleanup ${CALLS}, by month`, 'cleanup');
} finally {
  await stack.stop();
}
