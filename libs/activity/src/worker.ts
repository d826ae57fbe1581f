import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { entityEventsIntake } from './events/entity-events-intake.ts';
import { storeEntityEvents, type Notify } from './events/store-entity-events.ts';
import { logsIntake } from './logs/logs-intake.ts';
import { storeLogs } from './logs/store-logs.ts';

/** Stores the parts of log imports that the pointers it is handed lead to. */
export function createLogDrain({ db, ...told }: { db: Database } & DrainOptions): Drain {
  return createDrain(db, logsIntake, storeLogs, told);
}

/** Stores the events of entities that the pointers it is handed lead to, and has told of them by `notify`. */
export function createEntityEventDrain({
  db,
  notify,
  ...told
}: { db: Database; notify: Notify } & DrainOptions): Drain {
  return createDrain(db, entityEventsIntake, storeEntityEvents(notify), told);
}
