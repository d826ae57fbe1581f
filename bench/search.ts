// Benchmark of the audit log search over HTTP: 5,000,000 events against 100,000, one organization among
// others. Takes some minutes. `npm run bench:search`
import { cpus } from 'node:os';
import { loadAuditEvents, ORG_ID } from './load-audit-events.ts';
import { deepCursor, measureSearch, type Figures, type Search } from './measure-search.ts';
import { startBenchStack } from './stack.ts';

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
const whole = (value: number): string => value.toLocaleString('en-US');

function formatFigures({ p50, p95, hits }: Figures): string {
  return `${ms(p50)} ${ms(p95)} ${whole(hits).padStart(9)}`;
}

function formatRow(name: string, small: Figures, big: Figures): string {
  const ratio = (big.p95 / small.p95).toFixed(2);
  return `  ${name.padEnd(33)}${formatFigures(small)}    ${formatFigures(big)}     ${ratio}`;
}

const stack = await startBenchStack();
try {
  const sizes = { [SMALL]: await stack.startOnNewDatabase('small'), [BIG]: stack };
  for (const [size, { sql }] of Object.entries(sizes)) {
    const seconds = await loadAuditEvents(sql, Number(size));
    const events = whole(Number(size));
    console.log(
      `${events} events loaded in ${Math.round(seconds)} s, four fifths of them in organization ${ORG_ID}.`,
    );
  }
  const [small, big] = [sizes[SMALL], sizes[BIG]!];
  function onBoth(body: object): Search[] {
    return [
      { apps: small, body },
      { apps: big, body },
    ];
  }
  const searches: Record<string, Search[]> = {
    "the document's example": onBoth(EXAMPLE),
    'full text, 100 hits': onBoth({ search_text: 'zeppelin' }),
    'full text, a quarter of all hit': onBoth({ search_text: 'login' }),
    'a deep cursor': [
      { apps: small, body: await deepCursor(small, SMALL / 2) },
      { apps: big, body: await deepCursor(big, BIG / 20) },
    ],
  };
  const [smallCount, bigCount] = [whole(SMALL).padStart(10), whole(BIG).padStart(10)];
  console.log(`
Search on ${cpus().length} cores, client and servers on one machine,
one request at a time, sizes alternating; milliseconds
                                       ${smallCount} events                  ${bigCount} events
                                      p50      p95      hits         p50      p95      hits     p95 ratio`);
  for (const [name, pair] of Object.entries(searches)) {
    const [few, many] = await measureSearch(pair);
    console.log(formatRow(name, few!, many!));
  }
} finally {
  await stack.stop();
}
