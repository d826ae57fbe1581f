import { entityEventsIntake, logsIntake, type Notify } from '@oriontel/activity';
import { openEntityEventDrain, openLogDrain } from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { openEventlogDrain } from '@oriontel/eventlog/worker';
import type { DrainOptions, ServedIntake } from '@oriontel/intake';

/** What this worker serves: another queue is another line. */
export const servedQueues = (
  db: Database,
  told: DrainOptions,
  { notify }: { notify: Notify },
): ServedIntake[] => [
  { queue: eventlogIntake.queue, drain: openEventlogDrain({ db, ...told }) },
  { queue: entityEventsIntake.queue, drain: openEntityEventDrain({ db, notify, ...told }) },
  { queue: logsIntake.queue, drain: openLogDrain({ db, ...told }) },
];
