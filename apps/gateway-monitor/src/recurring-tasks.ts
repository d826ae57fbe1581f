import type { Database } from '@oriontel/database';
import type { RecurringTaskDefinition } from '@oriontel/recurring';
import { checkProbing } from '@oriontel/sip-gateways/worker';
import { sampleHost } from '@oriontel/system';

const MINUTE_SECONDS = 60;

/** The recurring tasks of gateway monitors. Each occurrence runs in one of them. */
export function recurringTasks(db: Database): RecurringTaskDefinition[] {
  return [
    // Samples the host of the monitor that runs the occurrence.
    {
      name: 'metric-samples',
      everySeconds: MINUTE_SECONDS,
      run: async () => `${await sampleHost(db)} sampled`,
    },
    { name: 'probing', everySeconds: MINUTE_SECONDS, run: () => checkProbing(db) },
  ];
}
