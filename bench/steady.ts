// Benchmark of a steady mixed load: single CDRs, batches, mod_json_cdr documents, audit events and searches
// at half of the maximum, for an hour. Prints what it measured per interval, at the end as JSON lists for the
// charts of docs/performance.md. `npm run bench:steady -- [--minutes 60] [--share 0.5]`
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createBatchBodies, createEventBodies, createFreeswitchBodies } from './intake/create-bodies.ts';
import { addOrganizations } from './intake/tables.ts';
import { pssMebibytes } from './process-memory.ts';
import { sendBodies, type Body } from './send-bodies.ts';
import { createRandom } from './seed/random.ts';
import { startBenchStack } from './stack.ts';
import { mean } from './statistics.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    share: { type: 'string', default: '0.5' },
  },
});
const MINUTES = Number(values.minutes);
const SHARE = Number(values.share);
const CONNECTIONS = 32;
const INTERVAL_SECONDS = 30;
const CALIBRATION_REQUESTS = 20_000;
const BATCH_RECORDS = 100;
/** Of all requests; the rest are single CDRs. */
const BATCH_SHARE = 0.05;
const DOCUMENT_SHARE = 0.1;
const EVENT_SHARE = 0.15;
const SEARCH_PAUSE_MS = 200;
const DAY_MS = 86_400_000;
const POLL_INTERVAL_MS = 50;

/** The access token must last as long as the measurement. */
const TOKEN_LIFETIME_SECONDS = 86_400;

const stack = await startBenchStack({ TOKEN_LIFETIME: String(TOKEN_LIFETIME_SECONDS) });
let seed = 1;

/** In random order. */
function createMixedBodies(requests: number): Body[] {
  const to = new Date();
  const from = new Date(to.getTime() - DAY_MS);
  const optionsFor = (share: number) => ({
    seed: (seed += 1),
    requests: Math.ceil(requests * share),
    from,
    to,
  });
  const bodies = [
    ...createBatchBodies(optionsFor(BATCH_SHARE), BATCH_RECORDS),
    ...createFreeswitchBodies(optionsFor(DOCUMENT_SHARE)),
    ...createEventBodies(optionsFor(EVENT_SHARE)),
    ...createBatchBodies(optionsFor(1 - BATCH_SHARE - DOCUMENT_SHARE - EVENT_SHARE), 1),
  ];
  const random = createRandom(seed);
  return bodies
    .map((body) => ({ body, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ body }) => body);
}

async function countPending(): Promise<number> {
  const { rows } = await stack.sql.query<{ count: string }>('SELECT count(*) AS count FROM intake');
  return Number(rows[0]!.count);
}

function send(bodies: Body[], requestsPerSecond?: number) {
  const { baseUrl, token } = stack;
  const rate = requestsPerSecond ? { requestsPerSecond } : {};
  return sendBodies({ baseUrl, token, bodies, connections: CONNECTIONS, ...rate });
}

/** Requests of the mix that are stored per second when as many are sent as are answered. */
async function measureMaximum(): Promise<number> {
  await send(createMixedBodies(CALIBRATION_REQUESTS / 4));
  const bodies = createMixedBodies(CALIBRATION_REQUESTS);
  const started = performance.now();
  await send(bodies);
  while (await countPending()) await sleep(POLL_INTERVAL_MS);
  return bodies.length / ((performance.now() - started) / 1_000);
}

async function search(signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const started = performance.now();
    const response = await fetch(`${stack.baseUrl}/cdrs?limit=50&disposition=FAILED`, {
      headers: { authorization: `Bearer ${stack.token}` },
    });
    await response.text();
    if (!response.ok) throw new Error(`GET /cdrs: ${response.status}`);
    times.push(performance.now() - started);
    await sleep(SEARCH_PAUSE_MS);
  }
  return times;
}

async function readSizes() {
  const { rows } = await stack.sql.query<{ intakeMb: number; legs: number; bytesPerLeg: number }>(`
    SELECT
      pg_total_relation_size('intake') / 1048576.0 AS "intakeMb",
      sum(legs)::float8 AS legs,
      sum(bytes)::float8 / sum(legs) AS "bytesPerLeg"
    FROM (
      SELECT pg_stat_get_live_tuples(relid) AS legs, pg_total_relation_size(relid) AS bytes
      FROM pg_partition_tree('cdrs')
      WHERE isleaf
    ) AS partition`);
  const { intakeMb, legs, bytesPerLeg } = rows[0]!;
  return { intakeMb: Number(intakeMb), legs, bytesPerLeg };
}

async function readMemory(): Promise<Record<string, number>> {
  const roots = { ...stack.pids(), ...stack.serverPids };
  const sizes = await Promise.all(Object.values(roots).map(pssMebibytes));
  return Object.fromEntries(Object.keys(roots).map((name, index) => [name, sizes[index]!]));
}

type Point = Record<string, number>;

async function measureInterval(rate: number): Promise<Point> {
  const bodies = createMixedBodies(Math.ceil(rate * INTERVAL_SECONDS));
  const stop = new AbortController();
  const searching = search(stop.signal);
  const { p50Ms, p99Ms } = await send(bodies, rate);
  stop.abort();
  const pending = await countPending();
  return {
    ackP50Ms: p50Ms,
    ackP99Ms: p99Ms,
    searchMs: mean(await searching),
    pending,
    ...(await readMemory()),
    ...(await readSizes()),
  };
}

function formatPoint(minute: number, point: Point): string {
  const figures = Object.entries(point).map(([name, value]) => `${name} ${value.toFixed(0)}`);
  return `${minute.toFixed(1)} min: ${figures.join(', ')}`;
}

try {
  await addOrganizations(stack);
  const maximum = await measureMaximum();
  const rate = Math.floor(maximum * SHARE);
  console.log(
    `Steady mixed load on ${cpus().length} cores, queues in ${stack.queues}: maximum ` +
      `${maximum.toFixed(0)} requests/s, sent ${rate}/s, ${BATCH_SHARE * 100} % batches of ${BATCH_RECORDS}`,
  );
  const started = performance.now();
  const points: Point[] = [];
  const minutesSoFar = () => (performance.now() - started) / 60_000;
  while (minutesSoFar() < MINUTES) {
    const point = await measureInterval(rate);
    points.push({ minute: minutesSoFar(), ...point });
    console.log(formatPoint(minutesSoFar(), point));
  }
  for (const name of Object.keys(points[0]!)) {
    console.log(`${name}: [${points.map((point) => Number(point[name]!.toFixed(1))).join(', ')}]`);
  }
} finally {
  await stack.stop();
}
