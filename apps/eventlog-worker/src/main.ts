import { openDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { live, openLog, openMetrics, startAdminServer } from '@oriontel/service';
import { readWorkerConfig } from './config.ts';
import { openEmail } from './open-email.ts';
import { openNotify } from './open-notify.ts';
import { serveDeliveries } from './serve-deliveries.ts';
import { serveEvents } from './serve-events.ts';

/** Milliseconds for the jobs in hand at the end; less than the deadline of the whole process. */
const FINISH_JOBS = 5_000;
/** The same for messages that are being sent. */
const FINISH_SENDING = 2_000;

const log = openLog('eventlog-worker', process.env['LOG_LEVEL'] ?? 'info');

await live(log, async (closing) => {
  const config = readWorkerConfig(process.env);
  // Each transaction holds a connection; the rest is for what goes on beside them.
  const connections = config.CONCURRENCY + 8;
  const db = openDatabase({ url: config.DATABASE_URL, name: 'eventlog-worker', connections });
  closing.add('database', () => db.$disconnect());
  await pingDatabase(db);

  const store = chooseQueueStore(config);
  const queues = await openQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
  closing.add('queues', () => queues.close(FINISH_JOBS));

  const metrics = openMetrics();
  const { CONCURRENCY: concurrency, SWEEP_GRACE: sweepGrace } = config;
  const email = openEmail(config, log);
  closing.add('mail server', async () => email?.close());
  const allowPrivate = config.WEBHOOKS_ALLOW_PRIVATE === 'on';
  const delivering = serveDeliveries({ db, log, metrics, allowPrivate, email: email?.send });
  closing.add('deliveries', () => delivering.stop(FINISH_SENDING));
  const notify = openNotify(log, { email: email !== undefined });
  // The months' partitions are made by apps/cdr-worker, for all tables.
  const onStored = delivering.nudge;
  const serving = serveEvents({ db, queues, log, metrics, notify, onStored, concurrency, sweepGrace });
  closing.add('sweeper', serving.stopSweeping);

  const checks = {
    database: () => pingDatabase(db),
    consumers: async () => {
      if (!serving.isRunning()) throw new Error('a consumer has stopped');
    },
  };
  const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
  closing.add('admin port', await startAdminServer({ log, host, port, checks, metrics }));
  log.info({ queues: store.kind, concurrency }, 'serving');
});
