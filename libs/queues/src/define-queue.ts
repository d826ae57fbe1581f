import type { z } from 'zod';

/** A queue, shared by producer and consumer: both take the payload type `P` from it. */
export interface QueueDefinition<P> {
  name: string;
  payload: z.ZodType<P>;
  /** Attempts in total, including the first. */
  attempts: number;
  /** Delay before the second attempt; it doubles with each further attempt. */
  backoffMs: number;
  /**
   * Deduplicates: a job with the id of a job that still exists is not added.
   * @default every job is distinct
   */
  jobId?: (payload: P) => string;
}

/** Infers `P` from the schema. */
export function defineQueue<P>(definition: QueueDefinition<P>): QueueDefinition<P> {
  return definition;
}
