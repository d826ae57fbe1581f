import type { Queryable } from '@oriontel/database';
import type { Position, StoredTask, TaskCounts } from './cdr-task.ts';

/** The progress of a task. */
export interface Progress {
  position: Position;
  counts: TaskCounts;
}

/** Saves progress in the transaction that made it. @throws TaskLost */
export type Save = (tx: Queryable, progress: Progress) => Promise<void>;

/**
 * Runs the next chunk of a task and returns the progress that it saved. Changes and progress are one
 * transaction: a chunk takes effect once, even if its worker dies.
 */
export type RunChunk = (task: StoredTask, save: Save, signal: AbortSignal) => Promise<Progress>;

/** The task was cancelled or taken over by another worker. */
export class TaskLost extends Error {}

export const MAX_CHUNK_LEGS = 1_000;
/** Stored size of raw records and payloads; a single larger one is still a chunk. */
export const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
