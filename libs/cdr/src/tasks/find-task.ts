import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { StoredTask } from './cdr-task.ts';
import { cdrTasks } from './cdr-task.repository.ts';

export function noSuchTask(): Failure {
  return new Failure('not_found', 'No such task.');
}

/** @throws Failure not_found */
export function findTask(db: Queryable) {
  return async function findById(orgId: number | null, id: string): Promise<StoredTask> {
    const task = await cdrTasks(db).find(orgId, id);
    if (!task) throw noSuchTask();
    return task;
  };
}
