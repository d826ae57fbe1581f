import { createDatabase, pingDatabase } from '@oriontel/database';
import { chooseQueueStore, connectQueues } from '@oriontel/queues';
import {
  runProcess,
  createLogger,
  createMetrics,
  startAdminServer,
  type Checks,
  type Shutdown,
  type Environment,
  type Metrics,
} from '@oriontel/service';
import type { IntakeConfig } from './intake-config.ts';
import type { ServeOptions, RunningIntakes } from './serve-intakes.ts';

export interface WorkerOptions<C extends IntakeConfig> {
  name: string;
  env: Environment;
  readConfig: (env: Environment) => C;
  /** Database connections besides those of the transactions, which hold one each. */
  connections: number;
}

export interface WorkerContext<C extends IntakeConfig> {
  config: C;
  options: ServeOptions;
  metrics: Metrics;
  shutdown: Shutdown;
}

export interface RunningWorker {
  serving: RunningIntakes;
  /** What must hold besides, for it to be ready. */
  checks?: Checks;
}

/** Milliseconds for the jobs in hand at the end; less than the deadline of the whole process. */
const FINISH_JOBS_TIMEOUT_MS = 5_000;

/** The life of a process that consumes queues: `serve` says what it does with them. */
export async function runWorker<C extends IntakeConfig>(
  { name, env, readConfig, connections }: WorkerOptions<C>,
  serve: (worker: WorkerContext<C>) => Promise<RunningWorker>,
): Promise<never> {
  const log = createLogger(name, env['LOG_LEVEL'] ?? 'info');
  return runProcess(log, async (closing) => {
    const config = readConfig(env);
    const { DATABASE_URL: url, CONCURRENCY: concurrency, SWEEP_GRACE: sweepGraceSeconds } = config;
    const db = createDatabase({ url, name, connections: concurrency + connections });
    closing.add('database', () => db.$disconnect());
    await pingDatabase(db);

    const store = chooseQueueStore(config);
    const queues = await connectQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
    closing.add('queues', () => queues.close(FINISH_JOBS_TIMEOUT_MS));

    const metrics = createMetrics();
    const options = { db, queues, log, concurrency, sweepGraceSeconds };
    const { serving, checks } = await serve({ config, options, metrics, shutdown: closing });
    closing.add('sweeper', serving.stopSweeper);

    async function consumers(): Promise<void> {
      if (!serving.isRunning()) throw new Error('a consumer has stopped');
    }
    const asked = { database: () => pingDatabase(db), consumers, ...checks };
    const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
    closing.add('admin port', await startAdminServer({ log, host, port, checks: asked, metrics }));
    log.info({ queues: store.kind, concurrency }, 'serving');
  });
}
