import { openDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import {
  live,
  openLog,
  openMetrics,
  startAdminServer,
  type Checks,
  type Closing,
  type Environment,
  type Metrics,
} from '@oriontel/service';
import type { IntakeConfig } from './intake-config.ts';
import type { ServeOptions, Serving } from './serve-intakes.ts';

export interface WorkerKind<C extends IntakeConfig> {
  name: string;
  env: Environment;
  readConfig: (env: Environment) => C;
  /** Database connections besides those of the transactions, which hold one each. */
  connections: number;
}

export interface Worker<C extends IntakeConfig> {
  config: C;
  options: ServeOptions;
  metrics: Metrics;
  closing: Closing;
}

export interface Served {
  serving: Serving;
  /** What must hold besides, for it to be ready. */
  checks?: Checks;
}

/** Milliseconds for the jobs in hand at the end; less than the deadline of the whole process. */
const FINISH_JOBS = 5_000;

/** The life of a process that consumes queues: `serve` says what it does with them. */
export const runWorker = async <C extends IntakeConfig>(
  { name, env, readConfig, connections }: WorkerKind<C>,
  serve: (worker: Worker<C>) => Promise<Served>,
): Promise<never> => {
  const log = openLog(name, env['LOG_LEVEL'] ?? 'info');
  return live(log, async (closing) => {
    const config = readConfig(env);
    const { DATABASE_URL: url, CONCURRENCY: concurrency, SWEEP_GRACE: sweepGrace } = config;
    const db = openDatabase({ url, name, connections: concurrency + connections });
    closing.add('database', () => db.$disconnect());
    await pingDatabase(db);

    const store = chooseQueueStore(config);
    const queues = await openQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
    closing.add('queues', () => queues.close(FINISH_JOBS));

    const metrics = openMetrics();
    const options = { db, queues, log, concurrency, sweepGrace };
    const { serving, checks } = await serve({ config, options, metrics, closing });
    closing.add('sweeper', serving.stopSweeping);

    const consumers = async (): Promise<void> => {
      if (!serving.isRunning()) throw new Error('a consumer has stopped');
    };
    const asked = { database: () => pingDatabase(db), consumers, ...checks };
    const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
    closing.add('admin port', await startAdminServer({ log, host, port, checks: asked, metrics }));
    log.info({ queues: store.kind, concurrency }, 'serving');
  });
};
