// Munch tasks: so many stored calls reprocessed and cleaned up, and what that costs the intake meanwhile. `npm run bench:munch -- 1000000`
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { postBodies } from './load.ts';
import { createBatchBodies } from './records.ts';
import { startBenchStack, type BenchStack } from './stack.ts';

const CALLS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
/** Of one round of intake. */
const BATCHES = 100;
const RECORDS = 1_000;

interface Task {
  state: string;
  counts: Record<string, number>;
}

const stack = await startBenchStack();

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(stack.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${stack.token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}
async function readTask(id: string): Promise<Task> {
  return (await call<{ data: Task }>('GET', `/cdrmunch/task/${id}`)).data;
}
async function queueTask(task_type: string): Promise<string> {
  const body = { task_type, date_range: { end: '2024-12-31' } };
  return (await call<{ task_id: string }>('PUT', '/cdrmunch/task', body)).task_id;
}

/** From here on the peak is counted anew (proc(5), clear_refs). */
function resetPeak({ pids }: BenchStack): Promise<void> {
  return writeFile(`/proc/${pids()['worker']}/clear_refs`, '5');
}

/** MiB the worker had resident at most. */
async function peakMebibytes({ pids }: BenchStack): Promise<number> {
  const status = await readFile(`/proc/${pids()['worker']}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** Runs a task to its end and tells of it. */
async function measureTask(name: string, type: string): Promise<void> {
  await resetPeak(stack);
  const before = await peakMebibytes(stack);
  const started = performance.now();
  const id = await queueTask(type);
  let task = await readTask(id);
  for (; /queued|running/.test(task.state); task = await readTask(id)) await sleep(200);
  const seconds = (performance.now() - started) / 1000;
  const counts = JSON.stringify(Object.fromEntries(Object.entries(task.counts).filter(([, count]) => count)));
  console.log(
    `${name.padEnd(44)} ${task.state} in ${seconds.toFixed(1)} s, ${Math.round(task.counts['processed']! / seconds)} calls/s; worker's peak ${before.toFixed(0)} -> ${(await peakMebibytes(stack)).toFixed(0)} MiB  ${counts}`,
  );
}

async function countStored(): Promise<number> {
  const { rows } = await stack.sql.query<{ stored: string | null }>(
    'SELECT sum(stored) AS stored FROM cdr_batches',
  );
  return Number(rows[0]!.stored ?? 0);
}
/** Records stored a second, from the first request to the last row. */
async function measureIntakeRate(): Promise<number> {
  const bodies = createBatchBodies(BATCHES, RECORDS);
  const aim = (await countStored()) + BATCHES * RECORDS;
  await stack.sql.query('CHECKPOINT');
  const started = performance.now();
  await postBodies({ url: `${stack.baseUrl}/cdr/bench`, token: stack.token, bodies, connections: 8 });
  while ((await countStored()) < aim) await sleep(10);
  return (BATCHES * RECORDS) / ((performance.now() - started) / 1000);
}
async function measureIntakeRateDuringTask(): Promise<{ rate: number; munched: number }> {
  const id = await queueTask('reprocess');
  while ((await readTask(id)).counts['processed'] === 0) await sleep(50);
  const before = (await readTask(id)).counts['processed']!;
  const rate = await measureIntakeRate();
  const { state, counts } = await readTask(id);
  if (state === 'running') await call('DELETE', `/cdrmunch/task/${id}`);
  else console.log(`The task was ${state} before the round was over: take more calls.`);
  return { rate, munched: counts['processed']! - before };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

try {
  console.log(
    `Munch tasks on ${cpus().length} cores, queues in ${stack.queues}, client and servers on one machine.`,
  );
  await stack.sql.query(
    "SELECT make_month_partition($1, month) FROM generate_series(timestamptz '2024-01-01', '2024-12-01', '1 month') AS month",
    ['cdrs'],
  );
  await stack.sql.query(
    (await readFile(new URL('./stored-cdrs.sql', import.meta.url), 'utf8')).replace('$1::int', String(CALLS)),
  );
  await stack.sql.query('VACUUM ANALYZE cdrs');
  await measureIntakeRate();
  const rounds: { alone: number; beside: number; munched: number }[] = [];
  while (rounds.length < ROUNDS) {
    const alone = await measureIntakeRate();
    const { rate: beside, munched } = await measureIntakeRateDuringTask();
    rounds.push({ alone, beside, munched });
  }
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick));
  console.log(
    `Intake, median of ${ROUNDS} rounds in turns: ${Math.round(of((r) => r.alone))} records/s stored alone, ${Math.round(of((r) => r.beside))} beside a reprocess (ratio ${of((r) => r.beside / r.alone).toFixed(3)}), which munched ${of((r) => r.munched)} calls meanwhile`,
  );
  await measureTask(`reprocess ${CALLS}, what is left to change`, 'reprocess');
  await measureTask(`reprocess ${CALLS}, nothing changes`, 'reprocess');
  await measureTask(`cleanup ${CALLS}, by months`, 'cleanup');
} finally {
  await stack.stop();
}
