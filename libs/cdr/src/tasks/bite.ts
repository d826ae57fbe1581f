import type { Queryable } from '@oriontel/database';
import type { Position, StoredTask, TaskCounts } from './munch-task.ts';

/** How far a task is. */
export interface Progress {
  position: Position;
  counts: TaskCounts;
}

/** Saves how far a task is, in the transaction that got it there. Throws where the task is not this worker's any more. */
export type Save = (tx: Queryable, progress: Progress) => Promise<void>;

/**
 * Does the next part of a task: what it changes and how far that brings the task is one transaction, so it is done once, whoever
 * dies. Returns what it saved.
 */
export type Bite = (task: StoredTask, save: Save, signal: AbortSignal) => Promise<Progress>;

/** The task was cancelled, or another worker has taken it over. */
export class TaskLost extends Error {}

/** Calls of one bite. */
export const LEGS_IN_A_BITE = 1_000;
/** Of raw records and payloads, as the database keeps them; unless one alone is larger. */
export const BYTES_IN_A_BITE = 4 * 1024 * 1024;
