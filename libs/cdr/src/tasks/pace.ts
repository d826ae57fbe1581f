import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { backlog } from '@oriontel/intake';
import type { TaskType } from './munch-task.ts';

/** How much a task rests after each millisecond of work. */
export interface Pace {
  /** While nothing comes in. */
  idle: number;
  /** While something does: 9 leaves it a tenth of the time. */
  busy: number;
}

/** Seconds; when the oldest value has been on the road that long, the workers are behind. */
const BEHIND = 2;
/** Milliseconds a task steps back for workers that are behind, at most: it goes on slowly even then. */
const STEP_BACK = 5_000;
const LOOK_AGAIN = 500;
const LONGEST_REST = 10_000;

/** Rests between two bites, so that what comes in is hardly slowed. */
export const openPace =
  (db: Queryable, { idle, busy }: Pace) =>
  async (taskType: TaskType, worked: number, signal: AbortSignal): Promise<void> => {
    const age = await backlog(db).age();
    const rest = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
    await rest(Math.min(worked * (age === null ? idle : busy), LONGEST_REST));
    // What it works off may be the very thing that they are behind with.
    if (taskType === 'process') return;
    for (let waited = 0; waited < STEP_BACK && !signal.aborted; waited += LOOK_AGAIN) {
      if (((await backlog(db).age()) ?? 0) < BEHIND) return;
      await rest(LOOK_AGAIN);
    }
  };
