// The status of a gateway over HTTP, with its uptime and its history: among 10,000 gateways beside five. Takes some minutes.
import { cpus } from 'node:os';
import { loadGatewayResults, ORG_ID } from './load-gateway-results.ts';
import { startBenchStack, type BenchApps } from './stack.ts';

const WARM_UP_REQUESTS = 30;
const MEASURED_REQUESTS = 300;
const GATEWAYS_WITH_HISTORY = 5;
const SMALL = { gateways: GATEWAYS_WITH_HISTORY, old: GATEWAYS_WITH_HISTORY, hours: 1 };
const BIG = {
  gateways: Number(process.env['BENCH_GATEWAYS'] ?? 10_000),
  old: Number(process.env['BENCH_OLD_GATEWAYS'] ?? 200),
  hours: 6,
};
const QUERIES = {
  'status and uptime of 24 hours': '',
  'with a history of 6 hours': '&include_history=true&history_hours=6',
  'with a history of 24 hours': '&include_history=true',
  'with a history of 30 days': '&include_history=true&history_hours=720',
};

async function requestStatus(
  { baseUrl, token }: BenchApps,
  gateway: number,
  question: string,
): Promise<void> {
  const url = `${baseUrl}/sipgwping/bench-${gateway}?org_id=${ORG_ID}${question}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Asked of each in turns, so that what else the machine does slows all alike. Milliseconds, from short to long. */
async function measure(asked: { apps: BenchApps; old: number }[], question: string): Promise<number[][]> {
  const times = asked.map((): number[] => []);
  for (let i = -WARM_UP_REQUESTS; i < MEASURED_REQUESTS; i += 1) {
    for (const [index, { apps, old }] of asked.entries()) {
      const started = performance.now();
      await requestStatus(apps, 1 + ((i + WARM_UP_REQUESTS) % old), question);
      if (i >= 0) times[index]!.push(performance.now() - started);
    }
  }
  return times.map((some) => some.sort((a, b) => a - b));
}

const ms = (value: number): string => value.toFixed(1).padStart(8);
const whole = (value: number): string => value.toLocaleString('en-US');
const at = (times: number[], share: number): number => times[Math.floor(times.length * share)]!;

const stack = await startBenchStack();
try {
  const small = await stack.startOnNewDatabase('small');
  const sizes = [
    { apps: small, ...SMALL },
    { apps: stack, ...BIG },
  ];
  for (const { apps, ...size } of sizes) {
    const { results, seconds } = await loadGatewayResults(apps.sql, size);
    console.log(
      `${whole(results)} results of ${whole(size.gateways)} gateways loaded in ${Math.round(seconds)} s.`,
    );
  }
  console.log(`
Gateway status on ${cpus().length} cores, client and servers on one machine, one request after another, in turns; milliseconds
                                   ${whole(SMALL.gateways).padStart(8)} gateways   ${whole(BIG.gateways).padStart(8)} gateways
                                      p50     p95         p50     p95     p95 ratio`);
  for (const [name, question] of Object.entries(QUERIES)) {
    const [few, many] = await measure(sizes, question);
    console.log(
      `  ${name.padEnd(30)}${ms(at(few!, 0.5))}${ms(at(few!, 0.95))}    ${ms(at(many!, 0.5))}${ms(at(many!, 0.95))}         ${(at(many!, 0.95) / at(few!, 0.95)).toFixed(2)}`,
    );
  }
} finally {
  await stack.stop();
}
