import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { logsIntake } from './logs/logs-intake.ts';
import { storeLogs } from './logs/store-logs.ts';

/** Stores the parts of log imports that the pointers it is handed lead to. */
export const openLogDrain = ({ db, ...told }: { db: Database } & DrainOptions): Drain =>
  openDrain(db, logsIntake, storeLogs, told);
