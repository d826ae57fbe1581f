// The audit log's search over HTTP: 5,000,000 events beside 100,000, one organization's among others'. Takes some minutes.
import { cpus } from 'node:os';
import { loadAuditEvents, ORG_ID } from './load-audit-events.ts';
import { deepCursor, measureSearch, type Figures } from './measure-search.ts';
import { startBenchStack, type BenchApps } from './stack.ts';

const SMALL = 100_000;
const BIG = Number(process.env['BENCH_EVENTS'] ?? 5_000_000);
const DAY_MS = 86_400_000;

const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
const EXAMPLE = {
  event_types: ['config_change', 'security'],
  severities: ['warning', 'error', 'critical'],
  date_from: daysAgo(45),
  date_to: daysAgo(30),
  page: 1,
  per_page: 25,
  sort_by: 'created_at',
  sort_order: 'desc',
};

const ms = (value: number): string => value.toFixed(1).padStart(8);
function formatFigures({ p50, p95, hits }: Figures): string {
  return `${ms(p50)} ${ms(p95)} ${whole(hits).padStart(9)}`;
}
const whole = (value: number): string => value.toLocaleString('en-US');

const stack = await startBenchStack();
try {
  const sizes = { [SMALL]: await stack.startOnNewDatabase('small'), [BIG]: stack };
  for (const [size, { sql }] of Object.entries(sizes)) {
    const seconds = await loadAuditEvents(sql, Number(size));
    console.log(
      `${whole(Number(size))} events loaded in ${Math.round(seconds)} s, four fifths of them in organization ${ORG_ID}.`,
    );
  }
  const [small, big] = [sizes[SMALL], sizes[BIG]!];
  function both(body: object) {
    return [
      { apps: small, body },
      { apps: big, body },
    ];
  }
  const searches: Record<string, { apps: BenchApps; body: object }[]> = {
    "the document's example": both(EXAMPLE),
    'full text, 100 hits': both({ search_text: 'zeppelin' }),
    'full text, a quarter of all hit': both({ search_text: 'login' }),
    'a deep cursor': [
      { apps: small, body: await deepCursor(small, SMALL / 2) },
      { apps: big, body: await deepCursor(big, BIG / 20) },
    ],
  };
  console.log(`
Search on ${cpus().length} cores, client and servers on one machine, one request after another, in turns; milliseconds
                                       ${whole(SMALL).padStart(10)} events                  ${whole(BIG).padStart(10)} events
                                      p50      p95      hits         p50      p95      hits     p95 ratio`);
  for (const [name, asked] of Object.entries(searches)) {
    const [few, many] = await measureSearch(asked);
    console.log(
      `  ${name.padEnd(33)}${formatFigures(few!)}    ${formatFigures(many!)}     ${(many!.p95 / few!.p95).toFixed(2)}`,
    );
  }
} finally {
  await stack.stop();
}
