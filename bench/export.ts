// Benchmark of GET /cdrs/export (1,000,000 stored calls unless given) against COPY of the same columns.
// `npm run bench:export -- 1000000`
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakMebibytes, resetPeakMemory } from './process-memory.ts';
import { startBenchStack } from './stack.ts';
import { loadStoredCdrs } from './stored-cdrs.ts';

const CALLS = Number(process.argv[2] ?? 1_000_000);
const SLOW_READ_SECONDS = 20;
const NEWLINE = 10;
const COLUMNS = `id, org_id, call_id, leg, linked_call_id, direction, caller, callee, caller_raw, callee_raw,
  start_time, answer_time, end_time, duration, billsec, disposition, hangup_cause, q850, sip_status, trunk_id,
  source, batch_id`;

interface Figures {
  seconds: number;
  rows: number;
  mebibytes: number;
}

const stack = await startBenchStack();

function gatewayPid(): number {
  return stack.pids()['gateway']!;
}

async function requestExport(query: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`${stack.baseUrl}/cdrs/export?${query}`, {
    headers: { authorization: `Bearer ${stack.token}` },
    ...(signal && { signal }),
  });
  if (!response.ok) throw new Error(`GET /cdrs/export: ${response.status} ${await response.text()}`);
  return response;
}

async function download(query: string): Promise<Figures> {
  const started = performance.now();
  const response = await requestExport(query);
  let [bytes, rows] = [0, 0];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) rows += 1;
  }
  return { seconds: (performance.now() - started) / 1000, rows, mebibytes: bytes / 2 ** 20 };
}

async function measureCopySeconds(): Promise<number> {
  const started = performance.now();
  await stack.sql.query(
    `COPY (
       SELECT ${COLUMNS}
       FROM cdrs
       ORDER BY start_time DESC, id DESC
     ) TO '/dev/null' (FORMAT csv, HEADER)`,
  );
  return (performance.now() - started) / 1000;
}

/** Downloads one export and prints its duration, size and the gateway's peak memory. */
async function measureExport(name: string, query: string): Promise<void> {
  await resetPeakMemory(gatewayPid());
  const before = await peakMebibytes(gatewayPid());
  const copySeconds = await measureCopySeconds();
  const { seconds, rows, mebibytes } = await download(query);
  const peak = await peakMebibytes(gatewayPid());
  console.log(
    `${name.padEnd(34)} ${rows} lines, ${mebibytes.toFixed(0)} MiB in ${seconds.toFixed(1)} s, ` +
      `${Math.round(CALLS / seconds)} calls/s; COPY of all ${copySeconds.toFixed(1)} s; ` +
      `gateway's peak ${before.toFixed(0)} -> ${peak.toFixed(0)} MiB`,
  );
}

/** The number of SQL statements of the gateway that run now. */
async function countActiveStatements(): Promise<number> {
  const { rows } = await stack.sql.query<{ count: string }>(
    `SELECT count(*)
     FROM pg_stat_activity
     WHERE application_name = 'api-gateway'
       AND state <> 'idle'`,
  );
  return Number(rows[0]!.count);
}

/** A slow client: reads one chunk per second for SLOW_READ_SECONDS, then disconnects. */
async function measureAbandonedExport(): Promise<void> {
  await resetPeakMemory(gatewayPid());
  const before = await peakMebibytes(gatewayPid());
  const disconnect = new AbortController();
  const response = await requestExport('', disconnect.signal);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let [bytes, active] = [0, 0];
  for (let second = 0; second < SLOW_READ_SECONDS; second += 1) {
    bytes += (await reader.read()).value?.length ?? 0;
    await sleep(1_000);
    active += await countActiveStatements();
  }
  disconnect.abort();
  const disconnectedAt = performance.now();
  while (await countActiveStatements()) await sleep(5);
  const idleMs = performance.now() - disconnectedAt;
  const peak = await peakMebibytes(gatewayPid());
  console.log(
    `${'Slow reader that disconnects'.padEnd(34)} ${(bytes / 1024).toFixed(0)} KiB read in ` +
      `${SLOW_READ_SECONDS} s, ${active} active statements seen; ` +
      `all idle ${idleMs.toFixed(0)} ms after the disconnect; ` +
      `gateway's peak ${before.toFixed(0)} -> ${peak.toFixed(0)} MiB`,
  );
}

try {
  console.log(`Export of ${CALLS} calls on ${cpus().length} cores, client and servers on one machine.`);
  await loadStoredCdrs(stack.sql, CALLS);
  await measureExport('CSV, warm-up', '');
  await measureExport('CSV', '');
  await measureExport('NDJSON', 'format=ndjson');
  await measureExport('CSV, one organization', 'org_id=1');
  await measureExport('CSV, filter without matches', 'trunk_id=none');
  await measureAbandonedExport();
} finally {
  await stack.stop();
}
