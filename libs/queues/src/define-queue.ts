import type { z } from 'zod';

/** A queue, as a value beside the verb that serves it: producer and consumer take their types from `payload`. */
export interface QueueDefinition<P> {
  name: string;
  payload: z.ZodType<P>;
  /** Tries in all, the first included. */
  attempts: number;
  /** Milliseconds before the second try; each further one waits twice as long. */
  backoffMs: number;
  /** Two jobs of one id are one job while the first is kept. Without it every job is its own. */
  jobId?: (payload: P) => string;
}

export function defineQueue<P>(definition: QueueDefinition<P>): QueueDefinition<P> {
  return definition;
}
