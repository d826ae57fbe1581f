import { cdrTasks, queueRetentionCleanups } from '@oriontel/cdr/worker';
import { createPartitions, type Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import type { RecurringTaskDefinition } from '@oriontel/recurring';
import { pruneResults, checkProbing } from '@oriontel/sip-gateways/worker';
import { sampleHost } from '@oriontel/system';

export interface RecurringTaskOptions {
  db: Database;
  /** Days CDRs and results of gateways are kept where their organization does not say; absent: for ever. */
  retentionDays: number | undefined;
}

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
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
    // Of the host of the worker whose turn it is; each sample names it.
    {
      name: 'metric-samples',
      everySeconds: MINUTE_SECONDS,
      run: async () => `${await sampleHost(db)} sampled`,
    },
    // Each gateway has its own round, in the gateway-monitors; here they are looked after.
    { name: 'probing', everySeconds: MINUTE_SECONDS, run: () => checkProbing(db) },
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
