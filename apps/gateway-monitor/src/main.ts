import { openDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { live, openLog, openMetrics, startAdminServer, type Checks } from '@oriontel/service';
import { readMonitorConfig } from './config.ts';
import { probeGateways } from './probe-gateways.ts';
import { serveResults } from './serve-results.ts';

/** Milliseconds for the jobs in hand at the end; less than the deadline of the whole process. */
const FINISH_JOBS = 3_000;

const log = openLog('gateway-monitor', process.env['LOG_LEVEL'] ?? 'info');

await live(log, async (closing) => {
  const config = readMonitorConfig(process.env);
  // Each transaction holds a connection; the rest is for what goes on beside them.
  const connections = config.CONCURRENCY + 6;
  const db = openDatabase({ url: config.DATABASE_URL, name: 'gateway-monitor', connections });
  closing.add('database', () => db.$disconnect());
  await pingDatabase(db);

  const store = chooseQueueStore(config);
  const queues = await openQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
  closing.add('queues', () => queues.close(FINISH_JOBS));

  const metrics = openMetrics();
  const { CONCURRENCY: concurrency, SWEEP_GRACE: sweepGrace } = config;
  const serving = serveResults({ db, queues, log, metrics, concurrency, sweepGrace });
  closing.add('sweeper', serving.stopSweeping);
  const checks: Checks = {
    database: () => pingDatabase(db),
    consumer: async () => {
      if (!serving.isRunning()) throw new Error('the consumer has stopped');
    },
  };
  if (config.PROBING === 'on') {
    const probing = probeGateways({ db, queues, log, metrics, config });
    closing.add('prober', probing.stop);
    await probing.begun;
    checks.share = async () => {
      if (!probing.isHolding()) throw new Error('the database does not say which gateways are ours');
    };
  }

  const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
  closing.add('admin port', await startAdminServer({ log, host, port, checks, metrics }));
  log.info({ queues: store.kind, concurrency, probing: config.PROBING }, 'serving');
});
