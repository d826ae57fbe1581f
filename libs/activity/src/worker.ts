import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { entityEventsIntake } from './events/entity-events-intake.ts';
import { storeEntityEvents, type Notify } from './events/store-entity-events.ts';
import { logsIntake } from './logs/logs-intake.ts';
import { storeLogs } from './logs/store-logs.ts';

/** The queue handler that stores parts of log imports. */
export function createLogDrain({ db, ...options }: { db: Database } & DrainOptions): Drain {
  return createDrain(db, logsIntake, storeLogs, options);
}

/**
 * The queue handler that stores entity events and passes those with `notify` to `notify` in the same
 * transaction.
 */
export function createEntityEventDrain({
  db,
  notify,
  ...options
}: { db: Database; notify: Notify } & DrainOptions): Drain {
  return createDrain(db, entityEventsIntake, storeEntityEvents(notify), options);
}
