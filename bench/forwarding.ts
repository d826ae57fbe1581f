import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { postBodies } from './load.ts';
import { createBatchBodies } from './records.ts';
import { startBenchStack, type BenchApps } from './stack.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const BATCHES = 100;
const RECORDS = 500;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Seconds from the first request until the last of these records is stored. */
async function secondsToStore({ baseUrl, token, sql }: BenchApps): Promise<number> {
  async function stored() {
    const { rows } = await sql.query<{ stored: string | null }>(
      'SELECT sum(stored) AS stored FROM cdr_batches',
    );
    return Number(rows[0]!.stored ?? 0);
  }
  await sql.query('TRUNCATE cdrs, intake, cdr_submissions, cdr_batches, quarantine, cdr_forwardings');
  await sql.query('CHECKPOINT');
  const bodies = createBatchBodies(BATCHES, RECORDS);
  const started = performance.now();
  await postBodies({ url: `${baseUrl}/cdr/bench`, token, bodies, connections: 8 });
  while ((await stored()) < BATCHES * RECORDS) await sleep(10);
  return (performance.now() - started) / 1000;
}

/** Takes every request and answers none. */
const hanging = createServer(() => undefined).listen(0, '127.0.0.1');
await once(hanging, 'listening');
const { port } = hanging.address() as AddressInfo;

const stack = await startBenchStack();
try {
  const without = await stack.startOnNewDatabase('without');
  const env = { SGAPI_URL: `http://127.0.0.1:${port}/`, SGAPI_SECRET: 'a secret of the bench' };
  const beside = await stack.startOnNewDatabase('hanging', env);
  await secondsToStore(without);
  await secondsToStore(beside);
  const rounds: { without: number; beside: number }[] = [];
  while (rounds.length < ROUNDS)
    rounds.push({ without: await secondsToStore(without), beside: await secondsToStore(beside) });
  function rate(of: 'without' | 'beside') {
    return Math.round((BATCHES * RECORDS) / median(rounds.map((round) => round[of]))).toLocaleString('en-US');
  }
  const ratio = median(rounds.map((round) => round.beside / round.without)).toFixed(2);
  const { rows } = await beside.sql.query<{ waiting: number; tries: number }>(
    "SELECT count(*)::int AS waiting, sum(attempts)::int AS tries FROM cdr_forwardings WHERE state = 'pending'",
  );
  console.log(`${BATCHES} batches of ${RECORDS} on ${cpus().length} cores, median of ${ROUNDS} rounds, in turns
  stored, nothing forwarded                 ${rate('without').padStart(8)} records/s
  stored, forwarded to one who hangs        ${rate('beside').padStart(8)} records/s   ${ratio} times the time
  waiting for the receiver afterward       ${String(rows[0]!.waiting).padStart(8)} batches, tried ${rows[0]!.tries} times`);
} finally {
  await stack.stop();
  hanging.close();
  hanging.closeAllConnections();
}
