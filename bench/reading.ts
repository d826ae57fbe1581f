// Benchmark of GET /cdrs while a backlog is stored: 300 batches of 10,000 records are accepted with the
// worker stopped, then read while it drains them. `npm run bench:reading -- [batches]`
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBatchBodies } from './intake/create-bodies.ts';
import { BENCH_ORGANIZATIONS } from './intake/organizations.ts';
import { addOrganizations } from './intake/tables.ts';
import { sendBodies } from './send-bodies.ts';
import { startBenchStack } from './stack.ts';
import { quantile } from './statistics.ts';

const BATCHES = Number(process.argv[2] ?? 300);
const BATCH_RECORDS = 10_000;
/** Bodies are generated and sent in groups: together they would fill the memory of the client. */
const GROUP_BATCHES = 20;
const READS = 300;
const READ_PAUSE_MS = 20;
const DAY_MS = 86_400_000;

const stack = await startBenchStack();

async function countBacklog(): Promise<number> {
  const { rows } = await stack.sql.query<{ count: string }>('SELECT count(*) AS count FROM intake');
  return Number(rows[0]!.count);
}

async function requestMs(query: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${stack.baseUrl}/cdrs?${query}`, {
    headers: { authorization: `Bearer ${stack.token}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`GET /cdrs: ${response.status} ${text}`);
  return performance.now() - started;
}

/** Upper quantiles of the gateway's event loop delay in ms since it was last read. */
async function readEventLoopDelayMs(): Promise<number> {
  const response = await fetch(stack.metricsUrl);
  const text = await response.text();
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds\S* (\S+)/m.exec(text) ?? [];
  return Number(seconds) * 1_000;
}

async function measureReads(name: string): Promise<void> {
  await readEventLoopDelayMs();
  const backlog = await countBacklog();
  const times: number[] = [];
  const orgId = BENCH_ORGANIZATIONS[0]!.id;
  for (let read = 0; read < READS; read += 1) {
    times.push(await requestMs(read % 2 ? 'limit=50' : `limit=50&org_id=${orgId}`));
    await sleep(READ_PAUSE_MS);
  }
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)].map((ms) => ms.toFixed(1));
  const delay = (await readEventLoopDelayMs()).toFixed(1);
  console.log(
    `${name}: backlog ${backlog} to ${await countBacklog()} batches; ` +
      `GET /cdrs p50 ${p50} ms, p99 ${p99} ms; ` +
      `event loop delay of the gateway p99 ${delay} ms`,
  );
}

try {
  console.log(`Reading during a backlog of ${BATCHES} batches of ${BATCH_RECORDS}, ${cpus().length} cores`);
  await addOrganizations(stack);
  await measureReads('no backlog');
  const worker = stack.pids()['worker']!;
  process.kill(worker, 'SIGSTOP');
  const to = new Date();
  const from = new Date(to.getTime() - DAY_MS);
  for (let sent = 0; sent < BATCHES; sent += GROUP_BATCHES) {
    const requests = Math.min(GROUP_BATCHES, BATCHES - sent);
    const bodies = createBatchBodies({ seed: 1 + sent, requests, from, to }, BATCH_RECORDS);
    await sendBodies({ baseUrl: stack.baseUrl, token: stack.token, bodies, connections: 4 });
  }
  await measureReads('worker stopped');
  process.kill(worker, 'SIGCONT');
  await measureReads('worker draining');
} finally {
  await stack.stop();
}
