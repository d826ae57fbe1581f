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

/**
 * A queue of the jobs that a task is due; the table decides whether it still is. Processes that run different tasks
 * need different queues: a consumer ignores jobs of tasks that it does not know.
 */
export function defineRecurringQueue(name: string) {
  return defineQueue({
    name,
    payload: z.object({ name: z.string() }),
    attempts: 1,
    backoffMs: 1_000,
  });
}
export type RecurringQueue = ReturnType<typeof defineRecurringQueue>;

/** The tasks of apps/cdr-worker. */
export const recurringQueue = defineRecurringQueue('recurring');
