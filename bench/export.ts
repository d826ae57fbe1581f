// GET /cdrs/export of so many stored calls, beside COPY of the same columns. `npm run bench:export -- 1000000`
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchStack } from './stack.ts';

const CALLS = Number(process.argv[2] ?? 1_000_000);
/** Seconds. */
const SLOW_READ_SECONDS = 20;
const COLUMNS = `id, org_id, call_id, leg, linked_call_id, direction, caller, callee, caller_raw, callee_raw, start_time, answer_time,
  end_time, duration, billsec, disposition, hangup_cause, q850, sip_status, trunk_id, source, batch_id`;

interface Figures {
  seconds: number;
  rows: number;
  mebibytes: number;
}

const stack = await startBenchStack();
const gateway = () => `/proc/${stack.pids()['gateway']}`;

/** MiB the gateway had resident at most since the peak was forgotten (proc(5), clear_refs). */
async function peakMebibytes(): Promise<number> {
  return Number(/VmHWM:\s+(\d+)/.exec(await readFile(`${gateway()}/status`, 'utf8'))![1]) / 1024;
}

async function download(query: string): Promise<Figures> {
  const started = performance.now();
  const answer = await fetch(`${stack.baseUrl}/cdrs/export?${query}`, {
    headers: { authorization: `Bearer ${stack.token}` },
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  let [bytes, rows] = [0, 0];
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) rows += 1;
  }
  return { seconds: (performance.now() - started) / 1000, rows, mebibytes: bytes / 2 ** 20 };
}

async function measureCopySeconds(): Promise<number> {
  const started = performance.now();
  await stack.sql.query(
    `COPY (SELECT ${COLUMNS} FROM cdrs ORDER BY start_time DESC, id DESC) TO '/dev/null' (FORMAT csv, HEADER)`,
  );
  return (performance.now() - started) / 1000;
}

async function report(name: string, query: string): Promise<void> {
  await writeFile(`${gateway()}/clear_refs`, '5');
  const before = await peakMebibytes();
  const baseline = await measureCopySeconds();
  const { seconds, rows, mebibytes } = await download(query);
  console.log(
    `${name.padEnd(34)} ${rows} lines, ${mebibytes.toFixed(0)} MiB in ${seconds.toFixed(1)} s, ${Math.round(CALLS / seconds)} calls/s; COPY of all ${baseline.toFixed(1)} s; gateway's peak ${before.toFixed(0)} -> ${(await peakMebibytes()).toFixed(0)} MiB`,
  );
}

/** Of the gateway, at work now. */
async function countActiveStatements(): Promise<number> {
  const { rows } = await stack.sql.query<{ count: string }>(
    `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'api-gateway' AND state <> 'idle'`,
  );
  return Number(rows[0]!.count);
}

/** A client that reads a piece each second, and after some of them goes away. */
async function measureAbandonedExport(): Promise<void> {
  await writeFile(`${gateway()}/clear_refs`, '5');
  const before = await peakMebibytes();
  const leaving = new AbortController();
  const answer = await fetch(`${stack.baseUrl}/cdrs/export`, {
    headers: { authorization: `Bearer ${stack.token}` },
    signal: leaving.signal,
  });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let [bytes, working] = [0, 0];
  for (let second = 0; second < SLOW_READ_SECONDS; second += 1) {
    bytes += (await reader.read()).value?.length ?? 0;
    await sleep(1_000);
    working += await countActiveStatements();
  }
  leaving.abort();
  const left = performance.now();
  while (await countActiveStatements()) await sleep(5);
  console.log(
    `${'A piece a second, then gone'.padEnd(34)} ${(bytes / 1024).toFixed(0)} KiB read in ${SLOW_READ_SECONDS} s, statements at work then ${working}; all at rest ${(performance.now() - left).toFixed(0)} ms after it left; gateway's peak ${before.toFixed(0)} -> ${(await peakMebibytes()).toFixed(0)} MiB`,
  );
}

try {
  console.log(`Export of ${CALLS} calls on ${cpus().length} cores, client and servers on one machine.`);
  await stack.sql.query(
    "SELECT make_month_partition($1, month) FROM generate_series(timestamptz '2024-01-01', '2024-12-01', '1 month') AS month",
    ['cdrs'],
  );
  const load = await readFile(new URL('./stored-cdrs.sql', import.meta.url), 'utf8');
  await stack.sql.query(load.replace('$1::int', String(CALLS)));
  await stack.sql.query('VACUUM ANALYZE cdrs');
  await report('CSV, warming up', '');
  await report('CSV', '');
  await report('NDJSON', 'format=ndjson');
  await report('CSV, of one organization', 'org_id=1');
  await report('CSV, a filter that finds nothing', 'trunk_id=none');
  await measureAbandonedExport();
} finally {
  await stack.stop();
}
