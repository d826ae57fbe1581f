import { logsIntake } from '@oriontel/activity';
import { openLogDrain } from '@oriontel/activity/worker';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { openEventlogDrain } from '@oriontel/eventlog/worker';
import type { Drain, DrainOptions, IntakeKind } from '@oriontel/intake';

/** An intake queue, and what is done with the pointers that it brings. */
export interface ServedQueue {
  queue: IntakeKind<unknown>['queue'];
  drain: Drain;
}

/** What this worker serves: another queue is another line. */
export const servedQueues = (db: Database, told: DrainOptions): ServedQueue[] => [
  { queue: eventlogIntake.queue, drain: openEventlogDrain({ db, ...told }) },
  { queue: logsIntake.queue, drain: openLogDrain({ db, ...told }) },
];
