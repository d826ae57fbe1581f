import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { backlog } from '@oriontel/intake';
import type { TaskType } from './cdr-task.ts';

/** Milliseconds of rest after each millisecond of work. */
export interface Pace {
  /** While the intake is empty. */
  idle: number;
  /** While the intake has rows: with 9 a task works a tenth of the time. */
  busy: number;
}

/** Workers are behind if the oldest intake row is older. */
const BEHIND_SECONDS = 2;
/** A task pauses at most this long for workers that are behind, so that it still makes progress. */
const MAX_BACKOFF_MS = 5_000;
const BACKLOG_POLL_INTERVAL_MS = 500;
const MAX_REST_MS = 10_000;

/** Makes tasks rest between chunks, so that they hardly slow down the intake. */
export function createTaskThrottle(db: Queryable, { idle, busy }: Pace) {
  return async function restAfterChunk(
    taskType: TaskType,
    workedMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const ageSeconds = await backlog(db).oldestAgeSeconds();
    const rest = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
    await rest(Math.min(workedMs * (ageSeconds === null ? idle : busy), MAX_REST_MS));
    // A process task drains the intake itself: waiting for it would not help.
    if (taskType === 'process') return;
    for (let waited = 0; waited < MAX_BACKOFF_MS && !signal.aborted; waited += BACKLOG_POLL_INTERVAL_MS) {
      if (((await backlog(db).oldestAgeSeconds()) ?? 0) < BEHIND_SECONDS) return;
      await rest(BACKLOG_POLL_INTERVAL_MS);
    }
  };
}
