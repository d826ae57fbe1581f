import { awaitDatabase, createDatabase, pingDatabase } from '@oriontel/database';
import type { IntakeConfig, RunningIntakes, ServeOptions } from '@oriontel/intake';
import { chooseQueueStore, connectQueues } from '@oriontel/queues';
import {
  runProcess,
  createLogger,
  createMetrics,
  startAdminServer,
  type Checks,
  type Shutdown,
  type Environment,
  type Logger,
  type Metrics,
} from '@oriontel/service';

export interface WorkerOptions<C extends IntakeConfig> {
  name: string;
  env: Environment;
  readConfig: (env: Environment) => C;
  /** Database connections in addition to one per concurrent transaction. */
  connections: number;
  /**
   * How long the start waits for the database.
   * @default 15000
   */
  databaseTimeoutMs?: number;
}

export interface WorkerContext<C extends IntakeConfig> {
  config: C;
  options: ServeOptions;
  metrics: Metrics;
  shutdown: Shutdown;
}

export interface RunningWorker {
  serving: RunningIntakes;
  /** Readiness checks in addition to the database and the consumers. */
  checks?: Checks;
}

const DATABASE_TIMEOUT_MS = 15_000;

/** Time for running jobs to finish at shutdown; shorter than the shutdown deadline of the whole process. */
const FINISH_JOBS_TIMEOUT_MS = 5_000;

/**
 * Runs a process that consumes queues: calls `startWorker`, waits for a stop signal and closes everything in
 * reverse order.
 */
export async function runWorker<C extends IntakeConfig>(
  options: WorkerOptions<C>,
  serve: (worker: WorkerContext<C>) => Promise<RunningWorker>,
): Promise<never> {
  const { name, env } = options;
  const log = createLogger(name, env['LOG_LEVEL'] ?? 'info');
  return runProcess(log, (shutdown) => startWorker(options, serve, log, shutdown));
}

/**
 * Connects database and queues, calls `serve` and opens the admin port; registers their cleanup in
 * `shutdown`.
 */
export async function startWorker<C extends IntakeConfig>(
  { name, env, readConfig, connections, databaseTimeoutMs = DATABASE_TIMEOUT_MS }: WorkerOptions<C>,
  serve: (worker: WorkerContext<C>) => Promise<RunningWorker>,
  log: Logger,
  shutdown: Shutdown,
): Promise<void> {
  const config = readConfig(env);
  const { DATABASE_URL: url, CONCURRENCY: concurrency, SWEEP_GRACE: sweepGraceSeconds } = config;
  const db = createDatabase({ url, name, connections: concurrency + connections });
  shutdown.add('database', () => db.$disconnect());
  await awaitDatabase(db, databaseTimeoutMs);

  const store = chooseQueueStore(config);
  const queues = await connectQueues(store, (err) =>
    log.warn({ err: err.message }, 'queue connection failed'),
  );
  shutdown.add('queues', () => queues.close(FINISH_JOBS_TIMEOUT_MS));

  const metrics = createMetrics();
  const options = { db, queues, log, concurrency, sweepGraceSeconds };
  const { serving, checks } = await serve({ config, options, metrics, shutdown });
  shutdown.add('sweeper', serving.stopSweeper);

  async function checkConsumers(): Promise<void> {
    if (!serving.isRunning()) throw new Error('a consumer has stopped');
  }
  const allChecks = { database: () => pingDatabase(db), consumers: checkConsumers, ...checks };
  const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
  shutdown.add('admin port', await startAdminServer({ log, host, port, checks: allChecks, metrics }));
  log.info({ queues: store.kind, concurrency }, 'serving');
}
