import { munchTasks, retainCalls } from '@oriontel/cdr/worker';
import { makePartitions, type Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import type { RecurringWork } from '@oriontel/recurring';
import { retainResults, watchProbing } from '@oriontel/sip-gateways/worker';
import { sampleHost } from '@oriontel/system';

export interface RecurringSettings {
  db: Database;
  /** Days CDRs and results of gateways are kept where their organization does not say; absent: for ever. */
  retentionDays: number | undefined;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Days a task that has ended can be read. */
const TASKS_KEPT = 90;

/** What workers do again and again: another work is another line. */
export const recurringWorks = ({ db, retentionDays }: RecurringSettings): RecurringWork[] => {
  const retentions = async () => {
    const own = await organizations(db).retentions();
    return own.map(({ id, retentionDays: days }) => ({ orgId: id, days: days ?? retentionDays ?? null }));
  };
  return [
    { name: 'partitions', every: 6 * HOUR, run: async () => `${await makePartitions(db)} partitions made` },
    // Of the host of the worker whose turn it is; each sample names it.
    { name: 'metric-samples', every: MINUTE, run: async () => `${await sampleHost(db)} sampled` },
    // Each gateway has its own round, in the gateway-monitors; here they are looked after.
    { name: 'probing', every: MINUTE, run: () => watchProbing(db) },
    { name: 'retention', every: HOUR, run: () => retainCalls(db, retentions)() },
    { name: 'retention-of-gateway-results', every: 24 * HOUR, run: () => retainResults(db, retentions)() },
    {
      name: 'forget-tasks',
      every: 24 * HOUR,
      run: async () => `${await munchTasks(db).forget(TASKS_KEPT)} tasks forgotten`,
    },
  ];
};
