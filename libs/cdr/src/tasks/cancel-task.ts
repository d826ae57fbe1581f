import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { noSuchTask } from './find-task.ts';
import { cdrTasks } from './cdr-task.repository.ts';

/** Ends a task that waits or is in hand; its bite in hand is undone. Twice is once. @throws Failure not_found, conflict */
export function cancelTask(db: Queryable) {
  return async function cancelById(orgId: number | null, id: string): Promise<void> {
    if (await cdrTasks(db).cancel(orgId, id)) return;
    const task = await cdrTasks(db).find(orgId, id);
    if (!task) throw noSuchTask();
    if (task.state !== 'cancelled')
      throw new Failure('conflict', `The task cannot be cancelled: it has ended already, as ${task.state}.`);
  };
}
