import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { noSuchTask } from './find-task.ts';
import { cdrTasks } from './cdr-task.repository.ts';

/**
 * Cancels a queued or running task; its running chunk is rolled back. Idempotent.
 * @throws Failure not_found, conflict
 */
export function cancelTask(db: Queryable) {
  return async function cancelById(orgId: number | null, id: string): Promise<void> {
    if (await cdrTasks(db).cancel(orgId, id)) return;
    const task = await cdrTasks(db).find(orgId, id);
    if (!task) throw noSuchTask();
    if (task.state !== 'cancelled')
      throw new Failure('conflict', `The task cannot be cancelled: its state is ${task.state}.`);
  };
}
