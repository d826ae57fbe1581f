import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { eventlogIntake } from './events/eventlog-intake.ts';
import { storeEvents } from './events/store-events.ts';

/** Creates the queue handler that stores accepted audit events. */
export function createEventlogDrain({ db, ...hooks }: { db: Database } & DrainOptions): Drain {
  return createDrain(db, eventlogIntake, storeEvents, hooks);
}
