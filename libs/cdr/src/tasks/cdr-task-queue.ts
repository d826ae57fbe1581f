import { defineQueue } from '@oriontel/queues';
import { z } from 'zod';

/** Wakes a worker: which task is next it asks the table. Once is enough: workers look by themselves as well. */
export const cdrTaskQueue = defineQueue({
  name: 'munch',
  payload: z.object({ taskId: z.string() }),
  attempts: 1,
  backoffMs: 1_000,
});
