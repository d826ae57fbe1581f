import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainResult } from '@oriontel/intake';
import { cdrIntake } from './parse/cdr-intake.ts';
import { storeBatch, type StoreDependencies } from './ingest/store-batch.ts';

export { circuit } from './forward/circuit.repository.ts';
export { pruneDelivered } from './forward/prune-delivered.ts';
export { forwardings } from './forward/forwarding.repository.ts';
export type { Forwarder } from './forward/start-forwarder.ts';
export { enqueueForwardings, startSgapiForwarder } from './forward/start-sgapi-forwarder.ts';
export { redriveDeadLetters } from './forward/redrive-dead-letters.ts';

export { foldSummary } from './calls/summary/fold-summary.ts';
export { cdrTasks } from './tasks/cdr-task.repository.ts';
export type { TaskRunner } from './tasks/start-task-runner.ts';
export type { Pace } from './tasks/create-task-throttle.ts';
export { queueRetentionCleanups, type Retention } from './tasks/queue-retention-cleanups.ts';
export { serveTasks } from './tasks/serve-tasks.ts';

export interface CdrDrainOptions extends StoreDependencies {
  db: Database;
  onDrained: (drained: DrainResult) => void;
  onPoison: (error: unknown, row: { id: string; tries: number }) => void;
}

/** CDRMunch: what the worker does with the pointers it is handed. */
export function createCdrDrain({ db, onDrained, onPoison, ...dependencies }: CdrDrainOptions): Drain {
  return createDrain(db, cdrIntake, storeBatch(dependencies), { onDrained, onPoison });
}
