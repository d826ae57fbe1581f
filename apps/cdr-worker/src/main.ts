import { openDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { keepRecurring } from '@oriontel/recurring';
import { live, openLog, openMetrics, startAdminServer } from '@oriontel/service';
import { readWorkerConfig } from './config.ts';
import { makeFirstPartitions } from './make-first-partitions.ts';
import { recurringWorks } from './recurring-works.ts';
import { keepSummary } from './keep-summary.ts';
import { serveCdrs } from './serve-cdrs.ts';
import { serveForwarding } from './serve-forwarding.ts';

/** Milliseconds for the jobs in hand at the end; less than the deadline of the whole process. */
const FINISH_JOBS = 5_000;

const log = openLog('cdr-worker', process.env['LOG_LEVEL'] ?? 'info');

await live(log, async (closing) => {
  const config = readWorkerConfig(process.env);
  // Each transaction holds a connection; the rest is for what goes on beside them.
  const connections = config.CONCURRENCY + 4;
  const db = openDatabase({ url: config.DATABASE_URL, name: 'cdr-worker', connections });
  closing.add('database', () => db.$disconnect());
  await pingDatabase(db);

  const store = chooseQueueStore(config);
  const queues = await openQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
  closing.add('queues', () => queues.close(FINISH_JOBS));

  const metrics = openMetrics();
  // Its own connections, and statements shorter than the lease of what it has in hand.
  const forwardDb = openDatabase({
    ...{ url: config.DATABASE_URL, name: 'cdr-forwarder' },
    ...{ connections: 2, statementTimeout: 10_000 },
  });
  closing.add('database of the forwarding', () => forwardDb.$disconnect());
  const forwarding = serveForwarding({ db: forwardDb, log, metrics, config });
  closing.add('forwarding', async () => forwarding?.stop());
  const { CONCURRENCY: concurrency, DEFAULT_REGION: defaultRegion, SWEEP_GRACE: sweepGrace } = config;
  const serving = serveCdrs({
    db,
    queues,
    log,
    metrics,
    concurrency,
    defaultRegion,
    sweepGrace,
    forwarding,
    pace: { busy: config.MUNCH_REST_BUSY, idle: config.MUNCH_REST_IDLE },
  });
  closing.add('sweeper', serving.stopSweeping);
  closing.add('summary', keepSummary(db, log));
  closing.add('munch task', serving.muncher.stop);
  await makeFirstPartitions(db, log);
  const works = recurringWorks({ db, retentionDays: config.RETENTION_DAYS });
  closing.add('recurring work', keepRecurring({ db, queues, log, works }));

  const checks = {
    database: () => pingDatabase(db),
    consumer: async () => {
      if (!serving.isRunning()) throw new Error('the consumer has stopped');
    },
  };
  const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
  closing.add('admin port', await startAdminServer({ log, host, port, checks, metrics }));
  log.info({ queues: store.kind, concurrency }, 'serving');
});
