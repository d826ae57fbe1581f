import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { eventlogIntake } from './eventlog-intake.ts';
import { storeEvents } from './store-events.ts';

/** Stores the audit events that the pointers it is handed lead to. */
export function createEventlogDrain({ db, ...told }: { db: Database } & DrainOptions): Drain {
  return createDrain(db, eventlogIntake, storeEvents, told);
}
