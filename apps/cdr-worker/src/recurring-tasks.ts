import { cdrTasks, queueRetentionCleanups } from '@oriontel/cdr/worker';
import { createPartitions, type Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import type { RecurringTaskDefinition } from '@oriontel/recurring';
import { pruneResults } from '@oriontel/sip-gateways/worker';

export interface RecurringTaskOptions {
  db: Database;
  /** Days CDRs and results of gateways are kept where their organization does not say; absent: for ever. */
  retentionDays: number | undefined;
}

const HOUR_SECONDS = 3_600;
/** Days a task that has ended can be read. */
const TASK_RETENTION_DAYS = 90;

/** What workers do again and again: another work is another line. */
export function recurringTasks({ db, retentionDays }: RecurringTaskOptions): RecurringTaskDefinition[] {
  async function retentions() {
    const own = await organizations(db).listRetentionDays();
    return own.map(({ id, retentionDays: days }) => ({ orgId: id, days: days ?? retentionDays ?? null }));
  }
  return [
    {
      name: 'partitions',
      everySeconds: 6 * HOUR_SECONDS,
      run: async () => `${await createPartitions(db)} partitions made`,
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
      run: async () => `${await cdrTasks(db).prune(TASK_RETENTION_DAYS)} tasks forgotten`,
    },
  ];
}
