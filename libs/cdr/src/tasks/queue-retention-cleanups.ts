import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { TaskScope } from './cdr-task.repository.ts';
import { estimateRecords } from './estimate-records.ts';
import { createTask } from './request-task.ts';

/** How many days an organization keeps its CDRs; null: without limit. */
export interface Retention {
  orgId: number;
  days: number | null;
}

const DAY_MS = 86_400_000;

/** `requested_by` of these tasks. */
export const RETENTION_REQUESTER = 'retention';

/**
 * Queues cleanup tasks for CDRs older than the retention of their organization, in whole days (UTC). If all
 * organizations have a limit, the first task covers all of them and can drop whole months. A task that
 * conflicts with another cleanup is left to the next run. Returns a summary for the log.
 */
export function queueRetentionCleanups(db: Database, retentions: () => Promise<Retention[]>) {
  return async function queueCleanups(now = new Date()): Promise<string> {
    const all = await retentions();
    const limits = all.flatMap(({ orgId, days }) =>
      days === null ? [] : [{ orgId, before: daysAgo(now, days) }],
    );
    const isLimitedForAll = limits.length > 0 && limits.length === all.length;
    const oldest = new Date(Math.min(...limits.map(({ before }) => before.getTime())));
    const ranges = [...(isLimitedForAll ? [{ orgId: null, before: oldest }] : []), ...limits];
    let queued = 0;
    for (const { orgId, before } of ranges) {
      const scope: TaskScope = { taskType: 'cleanup', orgId, range: { from: null, before } };
      if ((await estimateRecords(db, scope)) > 0) queued += await queueCleanup(db, scope);
    }
    return `${queued} cleanup tasks queued`;
  };
}

function daysAgo(now: Date, days: number): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - days * DAY_MS);
}

/** Returns the number of tasks queued: 0 on a conflict. */
async function queueCleanup(db: Database, scope: TaskScope): Promise<number> {
  try {
    await createTask(db)({ ...scope, priority: 'low', requestedBy: RETENTION_REQUESTER });
    return 1;
  } catch (error) {
    if (error instanceof Failure && error.code === 'conflict') return 0;
    throw error;
  }
}
