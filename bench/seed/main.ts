// Fills a database with realistic calls of the last three months, for demos and measurements:
//   npm run seed -- --cdrs 1000000 [--seed 1] [--days 90]
// Uses DATABASE_URL if it is set; else the embedded database of DATA_DIR, whether `npm start` runs or not.
// The calls of the same day, seed and count are the same: a second run stores nothing new.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { applyMigrations, createDatabase } from '@oriontel/database';
import { openDataDirDatabase } from '@oriontel/devstack';
import { pino } from 'pino';
import { DEMO_ORGANIZATIONS, generateCalls } from './generate-calls.ts';
import { storeCalls } from './store-calls.ts';

const DAY_MS = 86_400_000;
const PROGRESS_INTERVAL_MS = 2_000;

const { values } = parseArgs({
  options: {
    cdrs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    days: { type: 'string', default: '90' },
  },
});
const [legs, seed, days] = [values.cdrs, values.seed, values.days].map(Number) as [number, number, number];
if (![legs, seed, days].every((value) => Number.isInteger(value) && value > 0)) {
  console.error('Usage: npm run seed -- --cdrs 1000000 [--seed 1] [--days 90]');
  process.exit(1);
}

const { DATABASE_URL, DATA_DIR } = process.env;
const dataDir = resolve(DATA_DIR || '.oriontel');
const database = DATABASE_URL
  ? { url: DATABASE_URL, close: async () => undefined }
  : await openDataDirDatabase(dataDir, pino({ level: 'warn' }));
await applyMigrations(database.url);
const db = createDatabase({ url: database.url, name: 'seed', connections: 4, statementTimeoutMs: 300_000 });
try {
  const to = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const from = new Date(to.getTime() - days * DAY_MS);
  const startedAt = performance.now();
  const rate = (stored: number) => Math.round(stored / ((performance.now() - startedAt) / 1_000));
  let reportedAt = startedAt;
  const stored = await storeCalls(db, generateCalls({ seed, legs, from, to }), {
    organizations: DEMO_ORGANIZATIONS,
    from,
    to,
    onProgress(count) {
      if (performance.now() - reportedAt < PROGRESS_INTERVAL_MS) return;
      reportedAt = performance.now();
      console.log(`${count} of ${legs} CDRs, ${rate(count)} per second`);
    },
  });
  await db.$executeRaw`ANALYZE cdrs, cdr_summary`;
  console.log(
    `${stored} CDRs from ${from.toISOString()} to ${to.toISOString()} ` +
      `in ${DEMO_ORGANIZATIONS.length} organizations ` +
      `(${DEMO_ORGANIZATIONS[0]!.id} to ${DEMO_ORGANIZATIONS.at(-1)!.id}), ${rate(stored)} per second`,
  );
} finally {
  await db.$disconnect();
  await database.close();
}
process.exit(0);
