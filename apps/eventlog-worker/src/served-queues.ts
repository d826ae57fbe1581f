import { entityEventsIntake, logsIntake, type Notify } from '@oriontel/activity';
import { createEntityEventDrain, createLogDrain } from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { createEventlogDrain } from '@oriontel/eventlog/worker';
import type { DrainOptions, ServedIntake } from '@oriontel/intake';

/** The queues that this worker consumes, with their handlers. */
export function servedQueues(db: Database, options: DrainOptions, notify: Notify): ServedIntake[] {
  return [
    { queue: eventlogIntake.queue, drain: createEventlogDrain({ db, ...options }) },
    { queue: entityEventsIntake.queue, drain: createEntityEventDrain({ db, notify, ...options }) },
    { queue: logsIntake.queue, drain: createLogDrain({ db, ...options }) },
  ];
}
