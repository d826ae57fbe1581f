import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { estimateRecords } from './estimate-records.ts';
import type { TaskScope } from './cdr-task.repository.ts';
import { createTask } from './request-task.ts';

/** How long an organization keeps its CDRs: days; null for ever. */
export interface Retention {
  orgId: number;
  days: number | null;
}

const DAY_MS = 86_400_000;

/** Who asks for these tasks. */
export const RETENTION_REQUESTER = 'retention';

/**
 * Queues cleanups of what is older than its organization keeps it, by whole days (UTC); one for everybody first, which drops whole
 * months, where everybody forgets some day. Where another cleanup is in the way it waits for the next time. Returns what it queued.
 */
export function queueRetentionCleanups(db: Database, retentions: () => Promise<Retention[]>) {
  return async function queueCleanups(now = new Date()): Promise<string> {
    const all = await retentions();
    const ages = all.flatMap(({ orgId, days }) =>
      days === null ? [] : [{ orgId, before: daysAgo(now, days) }],
    );
    const everybody = ages.length > 0 && ages.length === all.length;
    const oldest = new Date(Math.min(...ages.map(({ before }) => before.getTime())));
    const scopes = [...(everybody ? [{ orgId: null, before: oldest }] : []), ...ages];
    let queued = 0;
    for (const { orgId, before } of scopes) {
      const scope: TaskScope = { taskType: 'cleanup', orgId, range: { from: null, before } };
      if ((await estimateRecords(db, scope)) > 0) queued += await queueCleanup(db, scope);
    }
    return `${queued} cleanup tasks queued`;
  };
}

function daysAgo(now: Date, days: number): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - days * DAY_MS);
}

async function queueCleanup(db: Database, scope: TaskScope): Promise<number> {
  try {
    await createTask(db)({ ...scope, priority: 'low', requestedBy: RETENTION_REQUESTER });
    return 1;
  } catch (error) {
    if (error instanceof Failure && error.code === 'conflict') return 0;
    throw error;
  }
}
