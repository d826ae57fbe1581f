// Benchmark of CDR forwarding: how much a receiver that never responds slows the storing of batches.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendBodies } from './send-bodies.ts';
import { createUniformBatches } from './create-uniform-batches.ts';
import { startBenchStack, type BenchApps } from './stack.ts';
import { median } from './statistics.ts';
import { countStoredRecords } from './stored-cdrs.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const BATCHES = 100;
const RECORDS_PER_BATCH = 500;
const RECORDS = BATCHES * RECORDS_PER_BATCH;

/** Seconds to store one round of records, by whether they are forwarded too. */
interface Round {
  notForwarded: number;
  forwarded: number;
}

/** Seconds from the first request until the last of RECORDS records is stored. */
async function secondsToStore({ baseUrl, token, sql }: BenchApps): Promise<number> {
  await sql.query('TRUNCATE cdrs, intake, cdr_submissions, cdr_batches, quarantine, cdr_forwardings');
  await sql.query('CHECKPOINT');
  const bodies = createUniformBatches(BATCHES, RECORDS_PER_BATCH);
  const started = performance.now();
  await sendBodies({ baseUrl, token, bodies, connections: 8 });
  while ((await countStoredRecords(sql)) < RECORDS) await sleep(10);
  return (performance.now() - started) / 1000;
}

async function readPending({ sql }: BenchApps): Promise<{ batches: number; attempts: number }> {
  const { rows } = await sql.query<{ batches: number; attempts: number }>(
    `SELECT count(*)::int AS batches, sum(attempts)::int AS attempts
     FROM cdr_forwardings
     WHERE state = 'pending'`,
  );
  return rows[0]!;
}

function report(rounds: Round[], pending: { batches: number; attempts: number }): void {
  function rate(pick: (round: Round) => number): string {
    const perSecond = Math.round(RECORDS / median(rounds.map(pick)));
    return perSecond.toLocaleString('en-US').padStart(8);
  }
  const notForwarded = rate((round) => round.notForwarded);
  const forwarded = rate((round) => round.forwarded);
  const ratio = median(rounds.map((round) => round.forwarded / round.notForwarded)).toFixed(2);
  const batches = String(pending.batches).padStart(8);
  const load = `${BATCHES} batches of ${RECORDS_PER_BATCH}`;
  console.log(`${load} on ${cpus().length} cores, median of ${ROUNDS} alternating rounds
  stored, not forwarded                     ${notForwarded} records/s
  stored, forwarded to a hanging receiver   ${forwarded} records/s   ${ratio} times the duration
  still pending                             ${batches} batches, ${pending.attempts} attempts`);
}

/** Accepts every request and never responds. */
const hangingReceiver = createServer(() => undefined).listen(0, '127.0.0.1');
await once(hangingReceiver, 'listening');
const { port } = hangingReceiver.address() as AddressInfo;

const stack = await startBenchStack();
try {
  const plain = await stack.startOnNewDatabase('without');
  const env = { SGAPI_URL: `http://127.0.0.1:${port}/`, SGAPI_SECRET: 'a secret of the bench' };
  const forwarding = await stack.startOnNewDatabase('hanging', env);
  await secondsToStore(plain);
  await secondsToStore(forwarding);
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    const notForwarded = await secondsToStore(plain);
    rounds.push({ notForwarded, forwarded: await secondsToStore(forwarding) });
  }
  report(rounds, await readPending(forwarding));
} finally {
  await stack.stop();
  hangingReceiver.close();
  hangingReceiver.closeAllConnections();
}
