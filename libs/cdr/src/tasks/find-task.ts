import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { StoredTask } from './munch-task.ts';
import { munchTasks } from './munch-task.repository.ts';

export const noSuchTask = (): Failure => new Failure('not_found', 'No such task.');

/** @throws Failure not_found */
export const findTask =
  (db: Queryable) =>
  async (orgId: number | null, id: string): Promise<StoredTask> => {
    const task = await munchTasks(db).find(orgId, id);
    if (!task) throw noSuchTask();
    return task;
  };
