import { createDatabase } from '@oriontel/database';
import { runWorker } from '@oriontel/worker';
import { startRecurringTasks } from '@oriontel/recurring';
import { readWorkerConfig } from './config.ts';
import { startSummaryFolding } from './start-summary-folding.ts';
import { createFirstPartitions } from './create-first-partitions.ts';
import { recurringTasks } from './recurring-tasks.ts';
import { serveCdrs } from './serve-cdrs.ts';
import { startForwardingService } from './start-forwarding-service.ts';

const kind = { name: 'cdr-worker', env: process.env, readConfig: readWorkerConfig, connections: 4 };

await runWorker(kind, async ({ config, options, metrics, shutdown }) => {
  const { db, queues, log } = options;
  // Its own connections, and statements shorter than the lease of what it has in hand.
  const forwardDb = createDatabase({
    ...{ url: config.DATABASE_URL, name: 'cdr-forwarder' },
    ...{ connections: 2, statementTimeoutMs: 10_000 },
  });
  shutdown.add('database of the forwarding', () => forwardDb.$disconnect());
  const forwarding = startForwardingService({ db: forwardDb, log, metrics, config });
  shutdown.add('forwarding', async () => forwarding?.stop());
  const serving = serveCdrs({
    ...options,
    metrics,
    defaultRegion: config.DEFAULT_REGION,
    forwarding,
    pace: { busy: config.MUNCH_REST_BUSY, idle: config.MUNCH_REST_IDLE },
  });
  shutdown.add('summary', startSummaryFolding(db, log));
  shutdown.add('munch task', serving.taskRunner.stop);
  await createFirstPartitions(db, log);
  const works = recurringTasks({ db, retentionDays: config.RETENTION_DAYS });
  shutdown.add('recurring work', startRecurringTasks({ db, queues, log, tasks: works }));
  return { serving };
});
