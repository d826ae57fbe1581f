import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { redriveDeadLetters } from './forward/redrive-dead-letters.ts';
import { storeBatch, type StoreDependencies } from './ingest/store-batch.ts';
import { cdrIntake } from './parse/cdr-intake.ts';
import { serveTasks, type TaskServiceOptions } from './tasks/serve-tasks.ts';
import type { TaskRunner } from './tasks/start-task-runner.ts';

export { sgapiCircuit } from './forward/sgapi-circuit.ts';
export { pruneDelivered } from './forward/prune-delivered.ts';
export { forwardings } from './forward/forwarding.repository.ts';
export type { Forwarder } from './forward/start-forwarder.ts';
export { enqueueForwardings, startSgapiForwarder } from './forward/start-sgapi-forwarder.ts';

export { storeBatch, type StoreDependencies } from './ingest/store-batch.ts';
export { foldSummary } from './calls/summary/fold-summary.ts';
export { cdrTasks } from './tasks/cdr-task.repository.ts';
export type { TaskRunner } from './tasks/start-task-runner.ts';
export type { Pace } from './tasks/create-task-throttle.ts';
export { queueRetentionCleanups, type Retention } from './tasks/queue-retention-cleanups.ts';

export interface CdrWorkerOptions extends StoreDependencies, DrainOptions {
  db: Database;
}

export interface CdrWorker {
  /** Stores the batches that jobs of the CDR queue point to. */
  drain: Drain;
  /** Runs munch tasks until it is stopped. */
  startTasks: (options: Pick<TaskServiceOptions, 'queues' | 'log' | 'pace'>) => TaskRunner;
}

/** The two handlers of a CDR worker, for its database. */
export function createCdrWorker({ db, onDrained, onPoison, ...dependencies }: CdrWorkerOptions): CdrWorker {
  const drain = createDrain(db, cdrIntake, storeBatch(dependencies), { onDrained, onPoison });
  return {
    drain,
    startTasks(options) {
      const { regionsOf, registerEntities } = dependencies;
      return serveTasks({ ...options, db, drain, redriveDeadLetters, regionsOf, registerEntities });
    },
  };
}
