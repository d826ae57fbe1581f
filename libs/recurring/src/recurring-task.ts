import { defineQueue } from '@oriontel/queues';
import { z } from 'zod';

/** A task that runs at a fixed interval, in one worker at a time. */
export interface RecurringTaskDefinition {
  name: string;
  everySeconds: number;
  /**
   * Must be idempotent: an occurrence runs again if its worker dies. Resolves with a short summary of the
   * result.
   */
  run: () => Promise<string>;
}

/**
 * Defines a queue whose jobs signal that a task may be due; the table recurring_tasks decides whether it
 * runs. Processes that run different tasks need different queues: a consumer ignores jobs of tasks that it
 * does not know.
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
