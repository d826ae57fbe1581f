import { defineQueue } from '@oriontel/queues';
import { z } from 'zod';

/** Something that is done again and again, by one worker at a time. */
export interface RecurringTaskDefinition {
  name: string;
  /** Seconds. */
  everySeconds: number;
  /** May be done twice: its worker may die before it has said that it is done. Resolves with what came of it, in a few words. */
  run: () => Promise<string>;
}

/** Says that an occurrence is due; whether it is still to be done, the table knows. */
export const recurringQueue = defineQueue({
  name: 'recurring',
  payload: z.object({ name: z.string() }),
  attempts: 1,
  backoffMs: 1_000,
});
