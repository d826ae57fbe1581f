import { randomUUID } from 'node:crypto';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { LEASE_SECONDS, recurringTasks } from './recurring-task.repository.ts';
import type { RecurringTaskDefinition } from './recurring-task.ts';

/** Does an occurrence, unless another worker has it, and notes how it went. `late`: seconds it must have been due. */
export function createOccurrenceRunner(db: Database, log: Logger) {
  return async function runOccurrence(
    { name, run }: RecurringTaskDefinition,
    late: number,
  ): Promise<boolean> {
    const holder = randomUUID();
    if (!(await recurringTasks(db).claim(name, holder, late))) return false;
    const heartbeat = setInterval(
      () =>
        void recurringTasks(db)
          .renew(name, holder)
          .catch(() => undefined),
      (LEASE_SECONDS * 1_000) / 3,
    );
    try {
      const detail = await run();
      await recurringTasks(db).finish(name, holder, 'done', detail);
      log.debug({ work: name, detail }, 'recurring work done');
    } catch (err) {
      log.error({ err, work: name }, 'recurring work failed');
      await recurringTasks(db).finish(name, holder, 'failed', 'It failed; the log of its worker says why.');
    } finally {
      clearInterval(heartbeat);
    }
    return true;
  };
}
