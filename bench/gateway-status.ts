// Benchmark of the gateway status over HTTP, with uptime and history: 10,000 gateways against five.
// Takes some minutes. `npm run bench:gateways`
import { cpus } from 'node:os';
import { loadGatewayResults, ORG_ID, type GatewaySize } from './load-gateway-results.ts';
import { startBenchStack, type BenchApps } from './stack.ts';
import { quantile } from './statistics.ts';

const WARM_UP_REQUESTS = 30;
const MEASURED_REQUESTS = 300;
const GATEWAYS_WITH_HISTORY = 5;
const SMALL: GatewaySize = { gateways: GATEWAYS_WITH_HISTORY, withHistory: GATEWAYS_WITH_HISTORY, hours: 1 };
const BIG: GatewaySize = {
  gateways: Number(process.env['BENCH_GATEWAYS'] ?? 10_000),
  withHistory: Number(process.env['BENCH_OLD_GATEWAYS'] ?? 200),
  hours: 6,
};
const QUERIES = {
  'status and uptime of 24 hours': '',
  'with a history of 6 hours': '&include_history=true&history_hours=6',
  'with a history of 24 hours': '&include_history=true',
  'with a history of 30 days': '&include_history=true&history_hours=720',
};

interface Target extends GatewaySize {
  apps: BenchApps;
}

async function requestStatus({ baseUrl, token }: BenchApps, gateway: number, query: string): Promise<void> {
  const url = `${baseUrl}/sipgwping/bench-${gateway}?org_id=${ORG_ID}${query}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** Response times in milliseconds by target. Targets alternate, so that other load slows all alike. */
async function measure(targets: Target[], query: string): Promise<number[][]> {
  const times = targets.map((): number[] => []);
  for (let i = -WARM_UP_REQUESTS; i < MEASURED_REQUESTS; i += 1) {
    for (const [index, { apps, withHistory }] of targets.entries()) {
      const started = performance.now();
      await requestStatus(apps, 1 + ((i + WARM_UP_REQUESTS) % withHistory), query);
      if (i >= 0) times[index]!.push(performance.now() - started);
    }
  }
  return times;
}

const ms = (value: number): string => value.toFixed(1).padStart(8);
const whole = (value: number): string => value.toLocaleString('en-US');

function formatRow(name: string, small: number[], big: number[]): string {
  const [smallP95, bigP95] = [quantile(small, 0.95), quantile(big, 0.95)];
  const smallColumns = `${ms(quantile(small, 0.5))}${ms(smallP95)}`;
  const bigColumns = `${ms(quantile(big, 0.5))}${ms(bigP95)}`;
  return `  ${name.padEnd(30)}${smallColumns}    ${bigColumns}         ${(bigP95 / smallP95).toFixed(2)}`;
}

const stack = await startBenchStack();
try {
  const targets: Target[] = [
    { apps: await stack.startOnNewDatabase('small'), ...SMALL },
    { apps: stack, ...BIG },
  ];
  for (const { apps, ...size } of targets) {
    const { results, seconds } = await loadGatewayResults(apps.sql, size);
    console.log(
      `${whole(results)} results of ${whole(size.gateways)} gateways loaded in ${Math.round(seconds)} s.`,
    );
  }
  const [smallCount, bigCount] = targets.map(({ gateways }) => whole(gateways).padStart(8));
  console.log(`
Gateway status on ${cpus().length} cores, client and servers on one machine,
one request at a time, sizes alternating; milliseconds
                                   ${smallCount} gateways   ${bigCount} gateways
                                      p50     p95         p50     p95     p95 ratio`);
  for (const [name, query] of Object.entries(QUERIES)) {
    const [small, big] = await measure(targets, query);
    console.log(formatRow(name, small!, big!));
  }
} finally {
  await stack.stop();
}
