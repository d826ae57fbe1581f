import type { Queryable } from '@oriontel/database';
import type { Position, StoredTask, TaskCounts } from './cdr-task.ts';

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
export type RunChunk = (task: StoredTask, save: Save, signal: AbortSignal) => Promise<Progress>;

/** The task was cancelled, or another worker has taken it over. */
export class TaskLost extends Error {}

/** Calls of one bite. */
export const MAX_CHUNK_LEGS = 1_000;
/** Of raw records and payloads, as the database keeps them; unless one alone is larger. */
export const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
