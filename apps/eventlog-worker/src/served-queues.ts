import { entityEventsIntake, logsIntake, type Notify } from '@oriontel/activity';
import { createEntityEventDrain, createLogDrain } from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { createEventlogDrain } from '@oriontel/eventlog/worker';
import type { DrainOptions, ServedIntake } from '@oriontel/intake';

/** What this worker serves: another queue is another line. */
export function servedQueues(
  db: Database,
  told: DrainOptions,
  { notify }: { notify: Notify },
): ServedIntake[] {
  return [
    { queue: eventlogIntake.queue, drain: createEventlogDrain({ db, ...told }) },
    { queue: entityEventsIntake.queue, drain: createEntityEventDrain({ db, notify, ...told }) },
    { queue: logsIntake.queue, drain: createLogDrain({ db, ...told }) },
  ];
}
