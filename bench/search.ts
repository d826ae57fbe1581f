// The audit log's search over HTTP: 5,000,000 events beside 100,000, one organisation's among others'. Takes some minutes.
import { cpus } from 'node:os';
import { loadAuditEvents, ORG } from './load-audit-events.ts';
import { deepCursor, measureSearch, type Figures } from './measure-search.ts';
import { startBenchStack } from './stack.ts';

const SMALL = 100_000;
const BIG = Number(process.env['BENCH_EVENTS'] ?? 5_000_000);
const DAY = 86_400_000;

const daysAgo = (days: number): string => new Date(Date.now() - days * DAY).toISOString();
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

const stack = await startBenchStack();
try {
  const searches: Record<string, (size: number) => Promise<object>> = {
    "the document's example": async () => EXAMPLE,
    'full text, 100 hits': async () => ({ search_text: 'zeppelin' }),
    'full text, a quarter of all hit': async () => ({ search_text: 'login' }),
    'a deep cursor': async (size) => deepCursor(stack, Math.min(size / 5, 100_000)),
  };
  const measured: Record<string, Figures[]> = {};
  for (const size of [SMALL, BIG]) {
    const seconds = await loadAuditEvents(stack.sql, size);
    console.log(
      `${whole(size)} events loaded in ${Math.round(seconds)} s, four fifths of them in organisation ${ORG}.`,
    );
    for (const [name, bodyFor] of Object.entries(searches))
      (measured[name] ??= []).push(await measureSearch(stack, await bodyFor(size)));
  }
  console.log(`
Search on ${cpus().length} cores, client and servers on one machine, one request after another
                                       ${whole(SMALL).padStart(10)} events                  ${whole(BIG).padStart(10)} events
                                      p50      p95     hits         p50      p95     hits     p95 ratio`);
  for (const [name, [small, big]] of Object.entries(measured))
    console.log(
      `  ${name.padEnd(33)}${ms(small!.p50)} ${ms(small!.p95)} ${whole(small!.hits).padStart(9)}    ${ms(big!.p50)} ${ms(big!.p95)} ${whole(big!.hits).padStart(9)}     ${(big!.p95 / small!.p95).toFixed(2)}`,
    );
} finally {
  await stack.stop();
}
