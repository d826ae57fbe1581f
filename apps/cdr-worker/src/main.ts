import { createDatabase } from '@oriontel/database';
import { startRecurringTasks } from '@oriontel/recurring';
import { runWorker } from '@oriontel/worker';
import { readWorkerConfig } from './config.ts';
import { createFirstPartitions } from './create-first-partitions.ts';
import { recurringTasks } from './recurring-tasks.ts';
import { serveCdrs } from './serve-cdrs.ts';
import { startForwardingService } from './start-forwarding-service.ts';
import { startSummaryFolding } from './start-summary-folding.ts';

const kind = { name: 'cdr-worker', env: process.env, readConfig: readWorkerConfig, connections: 4 };

await runWorker(kind, async ({ config, options, metrics, shutdown }) => {
  const { db, queues, log } = options;
  const forwardDb = createDatabase({
    url: config.DATABASE_URL,
    name: 'cdr-forwarder',
    connections: 2,
    // Shorter than the lease of a claimed batch.
    statementTimeoutMs: 10_000,
  });
  shutdown.add('forwarding database', () => forwardDb.$disconnect());
  const forwarding = startForwardingService({ db: forwardDb, log, metrics, config });
  shutdown.add('forwarding', async () => forwarding?.stop());
  const serving = serveCdrs({
    ...options,
    metrics,
    defaultRegion: config.DEFAULT_REGION,
    forwarding,
    pace: { busy: config.MUNCH_REST_BUSY, idle: config.MUNCH_REST_IDLE },
  });
  shutdown.add('summary folding', startSummaryFolding(db, log));
  shutdown.add('munch tasks', serving.taskRunner.stop);
  await createFirstPartitions(db, log);
  const tasks = recurringTasks({ db, retentionDays: config.RETENTION_DAYS });
  shutdown.add('recurring tasks', startRecurringTasks({ db, queues, log, tasks }));
  return { serving };
});
