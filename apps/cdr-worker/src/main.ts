import { openDatabase } from '@oriontel/database';
import { runWorker } from '@oriontel/intake';
import { keepRecurring } from '@oriontel/recurring';
import { readWorkerConfig } from './config.ts';
import { keepSummary } from './keep-summary.ts';
import { makeFirstPartitions } from './make-first-partitions.ts';
import { recurringWorks } from './recurring-works.ts';
import { serveCdrs } from './serve-cdrs.ts';
import { serveForwarding } from './serve-forwarding.ts';

const kind = { name: 'cdr-worker', env: process.env, readConfig: readWorkerConfig, connections: 4 };

await runWorker(kind, async ({ config, options, metrics, closing }) => {
  const { db, queues, log } = options;
  // Its own connections, and statements shorter than the lease of what it has in hand.
  const forwardDb = openDatabase({
    ...{ url: config.DATABASE_URL, name: 'cdr-forwarder' },
    ...{ connections: 2, statementTimeout: 10_000 },
  });
  closing.add('database of the forwarding', () => forwardDb.$disconnect());
  const forwarding = serveForwarding({ db: forwardDb, log, metrics, config });
  closing.add('forwarding', async () => forwarding?.stop());
  const serving = serveCdrs({
    ...options,
    metrics,
    defaultRegion: config.DEFAULT_REGION,
    forwarding,
    pace: { busy: config.MUNCH_REST_BUSY, idle: config.MUNCH_REST_IDLE },
  });
  closing.add('summary', keepSummary(db, log));
  closing.add('munch task', serving.muncher.stop);
  await makeFirstPartitions(db, log);
  const works = recurringWorks({ db, retentionDays: config.RETENTION_DAYS });
  closing.add('recurring work', keepRecurring({ db, queues, log, works }));
  return { serving };
});
