import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { noSuchTask } from './find-task.ts';
import { munchTasks } from './munch-task.repository.ts';

/** Ends a task that waits or is in hand; its bite in hand is undone. Twice is once. @throws Failure not_found, conflict */
export const cancelTask =
  (db: Queryable) =>
  async (orgId: number | null, id: string): Promise<void> => {
    if (await munchTasks(db).cancel(orgId, id)) return;
    const task = await munchTasks(db).find(orgId, id);
    if (!task) throw noSuchTask();
    if (task.state !== 'cancelled')
      throw new Failure('conflict', `The task cannot be cancelled: it has ended already, as ${task.state}.`);
  };
