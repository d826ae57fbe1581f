import { cdrTasks, queueRetentionCleanups } from '@oriontel/cdr/worker';
import { createPartitions, type Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import type { RecurringTaskDefinition } from '@oriontel/recurring';
import { pruneResults } from '@oriontel/sip-gateways/worker';

export interface RecurringTaskOptions {
  db: Database;
  /** Retention of CDRs and gateway results for organizations without their own; undefined: no limit. */
  retentionDays: number | undefined;
}

const HOUR_SECONDS = 3_600;
const TASK_RETENTION_DAYS = 90;

/** The recurring tasks of CDR workers. Names are stored in the database: do not change them. */
export function recurringTasks({ db, retentionDays }: RecurringTaskOptions): RecurringTaskDefinition[] {
  async function retentions() {
    const rows = await organizations(db).listRetentionDays();
    return rows.map((row) => ({ orgId: row.id, days: row.retentionDays ?? retentionDays ?? null }));
  }
  return [
    {
      name: 'partitions',
      everySeconds: 6 * HOUR_SECONDS,
      run: async () => `${await createPartitions(db)} partitions created`,
    },
    { name: 'retention', everySeconds: HOUR_SECONDS, run: () => queueRetentionCleanups(db, retentions)() },
    {
      name: 'retention-of-gateway-results',
      everySeconds: 24 * HOUR_SECONDS,
      run: () => pruneResults(db, retentions)(),
    },
    {
      name: 'forget-tasks',
      everySeconds: 24 * HOUR_SECONDS,
      run: async () => `${await cdrTasks(db).prune(TASK_RETENTION_DAYS)} tasks deleted`,
    },
  ];
}
