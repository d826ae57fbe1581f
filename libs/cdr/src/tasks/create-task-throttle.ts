import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { backlog } from '@oriontel/intake';
import type { TaskType } from './cdr-task.ts';

/** How much a task rests after each millisecond of work. */
export interface Pace {
  /** While nothing comes in. */
  idle: number;
  /** While something does: 9 leaves it a tenth of the time. */
  busy: number;
}

/** Seconds; when the oldest value has been on the road that long, the workers are behind. */
const BEHIND_SECONDS = 2;
/** Milliseconds a task steps back for workers that are behind, at most: it goes on slowly even then. */
const MAX_BACKOFF_MS = 5_000;
const BACKLOG_POLL_INTERVAL_MS = 500;
const MAX_REST_MS = 10_000;

/** Rests between two bites, so that what comes in is hardly slowed. */
export function createTaskThrottle(db: Queryable, { idle, busy }: Pace) {
  return async function restAfterChunk(
    taskType: TaskType,
    worked: number,
    signal: AbortSignal,
  ): Promise<void> {
    const age = await backlog(db).oldestAgeSeconds();
    const rest = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
    await rest(Math.min(worked * (age === null ? idle : busy), MAX_REST_MS));
    // What it works off may be the very thing that they are behind with.
    if (taskType === 'process') return;
    for (let waited = 0; waited < MAX_BACKOFF_MS && !signal.aborted; waited += BACKLOG_POLL_INTERVAL_MS) {
      if (((await backlog(db).oldestAgeSeconds()) ?? 0) < BEHIND_SECONDS) return;
      await rest(BACKLOG_POLL_INTERVAL_MS);
    }
  };
}
