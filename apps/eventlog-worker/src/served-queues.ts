import { logsIntake } from '@oriontel/activity';
import { openLogDrain } from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { openEventlogDrain } from '@oriontel/eventlog/worker';
import type { DrainOptions, ServedIntake } from '@oriontel/intake';

/** What this worker serves: another queue is another line. */
export const servedQueues = (db: Database, told: DrainOptions): ServedIntake[] => [
  { queue: eventlogIntake.queue, drain: openEventlogDrain({ db, ...told }) },
  { queue: logsIntake.queue, drain: openLogDrain({ db, ...told }) },
];
