import type { Queryable } from '@oriontel/database';
import { backlog } from '@oriontel/intake';
import { cleanupBacklogFilter } from './cleanup-chunk.ts';
import { bulkLegs } from './bulk-leg.repository.ts';
import type { TaskScope } from './cdr-task.repository.ts';
import { processBacklogFilter } from './process-chunk.ts';

/** Counts the records that a task would process if it started now. */
export async function estimateRecords(db: Queryable, scope: TaskScope): Promise<number> {
  const { taskType, orgId, range } = scope;
  if (taskType === 'process') return backlog(db).count(processBacklogFilter(scope, new Date()));
  const legs = await bulkLegs(db).count(orgId, range);
  return taskType === 'cleanup'
    ? legs + (await backlog(db).countQuarantined(cleanupBacklogFilter(scope, new Date())))
    : legs;
}
