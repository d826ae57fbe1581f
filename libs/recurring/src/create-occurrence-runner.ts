import { randomUUID } from 'node:crypto';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { LEASE_SECONDS, recurringTasks } from './recurring-task.repository.ts';
import type { RecurringTaskDefinition } from './recurring-task.ts';

const LEASE_RENEWAL_INTERVAL_MS = (LEASE_SECONDS * 1_000) / 3;
const FAILURE_DETAIL = 'Failed; see the worker log.';

export function createOccurrenceRunner(db: Database, log: Logger) {
  const tasks = recurringTasks(db);

  async function runAndRecord({ name, run }: RecurringTaskDefinition, holder: string): Promise<void> {
    try {
      const detail = await run();
      await tasks.finish(name, holder, 'done', detail);
      log.debug({ task: name, detail }, 'recurring task done');
    } catch (err) {
      log.error({ err, task: name }, 'recurring task failed');
      await tasks.finish(name, holder, 'failed', FAILURE_DETAIL);
    }
  }

  /**
   * Runs an occurrence that has been due for `overdueSeconds` and records its outcome. Returns false if none
   * is due or another worker has it.
   */
  return async function runOccurrence(
    definition: RecurringTaskDefinition,
    overdueSeconds: number,
  ): Promise<boolean> {
    const { name } = definition;
    const holder = randomUUID();
    if (!(await tasks.claim(name, holder, overdueSeconds))) return false;
    function renewLease(): void {
      void tasks.renew(name, holder).catch(() => undefined);
    }
    const heartbeat = setInterval(renewLease, LEASE_RENEWAL_INTERVAL_MS);
    try {
      await runAndRecord(definition, holder);
    } finally {
      clearInterval(heartbeat);
    }
    return true;
  };
}
