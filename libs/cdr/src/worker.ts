import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type Drained } from '@oriontel/intake';
import { cdrIntake } from './cdr-intake.ts';
import { storeBatch, type StoreDependencies } from './store-batch.ts';

export interface CdrWorker extends StoreDependencies {
  db: Database;
  onDrained: (drained: Drained) => void;
  onPoison: (error: unknown, row: { id: string; tries: number }) => void;
}

/** CDRMunch: what the worker does with the pointers it is handed. */
export const openCdrDrain = ({ db, onDrained, onPoison, ...dependencies }: CdrWorker): Drain =>
  openDrain(db, cdrIntake, storeBatch(dependencies), { onDrained, onPoison });
