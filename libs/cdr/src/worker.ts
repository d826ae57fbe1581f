import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type Drained } from '@oriontel/intake';
import { cdrIntake } from './cdr-intake.ts';
import { storeBatch, type StoreDependencies } from './store-batch.ts';

export { circuit } from './forward/circuit.repository.ts';
export { forgetArrived } from './forward/forget-arrived.ts';
export { forwardings } from './forward/forwarding.repository.ts';
export type { Forwarding } from './forward/keep-forwarding.ts';
export { noteForwardings, openForwarding } from './forward/open-forwarding.ts';
export { redriveDead } from './forward/redrive-dead.ts';

export { foldSummary } from './summary/fold-summary.ts';
export { munchTasks } from './tasks/munch-task.repository.ts';
export type { Muncher } from './tasks/open-muncher.ts';
export type { Pace } from './tasks/pace.ts';
export { retainCalls, type Retention } from './tasks/retain-calls.ts';
export { serveTasks } from './tasks/serve-tasks.ts';

export interface CdrWorker extends StoreDependencies {
  db: Database;
  onDrained: (drained: Drained) => void;
  onPoison: (error: unknown, row: { id: string; tries: number }) => void;
}

/** CDRMunch: what the worker does with the pointers it is handed. */
export const openCdrDrain = ({ db, onDrained, onPoison, ...dependencies }: CdrWorker): Drain =>
  openDrain(db, cdrIntake, storeBatch(dependencies), { onDrained, onPoison });
