import { defineQueue } from '@oriontel/queues';
import { z } from 'zod';

/** Wakes a worker, which claims the next task from the table. One attempt is enough: workers poll as well. */
export const cdrTaskQueue = defineQueue({
  name: 'munch',
  payload: z.object({ taskId: z.string() }),
  attempts: 1,
  backoffMs: 1_000,
});
