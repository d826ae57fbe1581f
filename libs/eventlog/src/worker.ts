import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { eventlogIntake } from './eventlog-intake.ts';
import { storeEvents } from './store-events.ts';

/** Stores the audit events that the pointers it is handed lead to. */
export const openEventlogDrain = ({ db, ...told }: { db: Database } & DrainOptions): Drain =>
  openDrain(db, eventlogIntake, storeEvents, told);
