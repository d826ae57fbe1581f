import { openDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { live, openLog, openMetrics, startAdminServer } from '@oriontel/service';
import { readWorkerConfig } from './config.ts';
import { keepPartitions } from './keep-partitions.ts';
import { serveCdrs } from './serve-cdrs.ts';

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
  const { CONCURRENCY: concurrency, DEFAULT_REGION: defaultRegion, SWEEP_GRACE: sweepGrace } = config;
  const serving = serveCdrs({
    db,
    queues,
    log,
    metrics,
    concurrency,
    defaultRegion,
    sweepGrace,
  });
  closing.add('sweeper', serving.stopSweeping);
  closing.add('partitions', keepPartitions(db, log));

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
