import { defineQueue } from '@oriontel/queues';
import { z } from 'zod';

/** Something that is done again and again, by one worker at a time. */
export interface RecurringWork {
  name: string;
  /** Seconds. */
  every: number;
  /** May be done twice: its worker may die before it has said that it is done. Resolves with what came of it, in a few words. */
  run: () => Promise<string>;
}

/** Says that an occurrence is due; whether it is still to be done, the table knows. */
export const recurringQueue = defineQueue({
  name: 'recurring',
  payload: z.object({ name: z.string() }),
  attempts: 1,
  backoff: 1_000,
});
