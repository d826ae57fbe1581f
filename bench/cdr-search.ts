// Benchmark of GET /cdrs: each search in 1,000,000 and in 100,000 legs of 20 organizations, over three
// months. Takes about five minutes. `npm run bench:cdr-search`
import { cpus } from 'node:os';
import { DEMO_ORGANIZATIONS, type CallOrganization } from './seed/generate-calls.ts';
import { fillCdrs } from './seed/fill-cdrs.ts';
import { startBenchStack, type BenchApps } from './stack.ts';
import { quantile } from './statistics.ts';

const SMALL = 100_000;
const BIG = Number(process.env['BENCH_CDRS'] ?? 1_000_000);
const ORGANIZATIONS = Array.from({ length: 20 }, (_, index) => organization(index));
const DAY_MS = 86_400_000;
/** Of each search, with other values each time. */
const REQUESTS = 100;
const WARM_UP_REQUESTS = 10;
const PAGE_SIZE = 50;

interface StoredLeg {
  orgId: number;
  caller: string;
  callee: string;
  trunkId: string;
  source: string;
  batchId: string;
  callId: string;
  startTime: Date;
}

type Query = Record<string, string | number>;

/** The query of a search for a leg that is stored. */
type Search = (leg: StoredLeg) => Query;

const SEARCHES: Record<string, Search> = {
  'no filter': () => ({}),
  call_id: ({ callId }) => ({ call_id: callId }),
  caller: ({ caller }) => ({ caller }),
  callee: ({ callee }) => ({ callee }),
  'number, either side': ({ caller }) => ({ number: caller }),
  'number prefix': ({ caller }) => ({ caller: `${caller.slice(0, 8)}*` }),
  'caller and a day': ({ caller, startTime }) => ({
    caller,
    from: new Date(startTime.getTime() - DAY_MS / 2).toISOString(),
    to: new Date(startTime.getTime() + DAY_MS / 2).toISOString(),
  }),
  trunk_id: ({ trunkId }) => ({ trunk_id: trunkId }),
  batch_id: ({ batchId }) => ({ batch_id: batchId }),
  source: ({ source }) => ({ source }),
  'disposition FAILED': () => ({ disposition: 'FAILED' }),
  'hangup_cause, rare': () => ({ hangup_cause: 'INVALID_NUMBER_FORMAT' }),
  direction: () => ({ direction: 'internal' }),
  'min_duration, rare': () => ({ min_duration: 7_200 }),
};

function organization(index: number): CallOrganization {
  const template = DEMO_ORGANIZATIONS[index % DEMO_ORGANIZATIONS.length]!;
  const trunks = Array.from({ length: 10 }, (_, trunk) => `trunk-${index}-${trunk}`);
  return { ...template, id: 30_000 + index, name: `Organization ${index}`, trunks };
}

/** Returns legs at random, to search for. */
async function load(apps: BenchApps, legs: number): Promise<StoredLeg[]> {
  const { sql } = apps;
  await fillCdrs(apps, legs, ORGANIZATIONS);
  const { rows } = await sql.query<StoredLeg>(`
    SELECT org_id AS "orgId", caller, callee, trunk_id AS "trunkId", source, batch_id AS "batchId",
      call_id AS "callId", start_time AS "startTime"
    FROM cdrs
    WHERE caller IS NOT NULL
      AND callee IS NOT NULL
      AND trunk_id IS NOT NULL
    ORDER BY md5(id::text)
    LIMIT ${REQUESTS + WARM_UP_REQUESTS}`);
  return rows;
}

async function requestMs({ baseUrl, token }: BenchApps, query: Query): Promise<number> {
  const url = new URL(`${baseUrl}/cdrs`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const started = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = await response.text();
  if (!response.ok) throw new Error(`GET ${url.href}: ${response.status} ${body}`);
  return performance.now() - started;
}

interface Size {
  apps: BenchApps;
  legs: StoredLeg[];
}

/** The 95th percentile and the median of one search in each size, alternating between the sizes. */
async function measure(sizes: Size[], search: Search, isAdmin: boolean) {
  const times = sizes.map((): number[] => []);
  for (let i = 0; i < REQUESTS + WARM_UP_REQUESTS; i += 1) {
    for (const [index, { apps, legs }] of sizes.entries()) {
      const leg = legs[i % legs.length]!;
      const scope: Query = isAdmin ? {} : { org_id: leg.orgId };
      const ms = await requestMs(apps, { ...search(leg), ...scope, limit: PAGE_SIZE });
      if (i >= WARM_UP_REQUESTS) times[index]!.push(ms);
    }
  }
  return times.map((values) => ({ p50: quantile(values, 0.5), p95: quantile(values, 0.95) }));
}

function formatRow(name: string, [small, big]: { p50: number; p95: number }[]): string {
  const columns = [small!.p50, small!.p95, big!.p50, big!.p95].map((ms) => ms.toFixed(1).padStart(9));
  return `  ${name.padEnd(38)}${columns.join('')}${(big!.p95 / small!.p95).toFixed(2).padStart(9)}`;
}

const stack = await startBenchStack();
try {
  const small = await stack.startOnNewDatabase('small');
  const sizes = [
    { apps: small, legs: await load(small, SMALL) },
    { apps: stack, legs: await load(stack, BIG) },
  ];
  console.log(`
GET /cdrs: ${cpus().length} cores, ${ORGANIZATIONS.length} organizations, ${PAGE_SIZE} per page, times in ms
${' '.repeat(40)}${`${SMALL} legs`.padStart(18)}${`${BIG} legs`.padStart(18)}
${' '.repeat(40)}      p50      p95      p50      p95    ratio`);
  for (const [name, search] of Object.entries(SEARCHES)) {
    console.log(formatRow(name, await measure(sizes, search, false)));
    console.log(formatRow(`${name}, all organizations`, await measure(sizes, search, true)));
  }
} finally {
  await stack.stop();
}
