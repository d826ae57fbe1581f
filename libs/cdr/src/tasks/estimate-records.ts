import type { Queryable } from '@oriontel/database';
import { backlog } from '@oriontel/intake';
import { cleanupBacklog } from './cleanup-bite.ts';
import { munchedLegs } from './munched-leg.repository.ts';
import type { TaskScope } from './munch-task.repository.ts';
import { processBacklog } from './process-bite.ts';

/** How many records a task would see to if it began now, counted. */
export const estimateRecords = async (db: Queryable, scope: TaskScope): Promise<number> => {
  const { taskType, orgId, range } = scope;
  if (taskType === 'process') return backlog(db).count(processBacklog(scope, new Date()));
  const legs = await munchedLegs(db).count(orgId, range);
  return taskType === 'cleanup'
    ? legs + (await backlog(db).countQuarantined(cleanupBacklog(scope, new Date())))
    : legs;
};
