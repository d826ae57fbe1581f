import { randomUUID } from 'node:crypto';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { LEASE, recurringTasks } from './recurring-task.repository.ts';
import type { RecurringWork } from './recurring-work.ts';

/** Does an occurrence, unless another worker has it, and notes how it went. `late`: seconds it must have been due. */
export const runOccurrence =
  (db: Database, log: Logger) =>
  async ({ name, run }: RecurringWork, late: number): Promise<boolean> => {
    const holder = randomUUID();
    if (!(await recurringTasks(db).claim(name, holder, late))) return false;
    const heartbeat = setInterval(
      () =>
        void recurringTasks(db)
          .renew(name, holder)
          .catch(() => undefined),
      (LEASE * 1_000) / 3,
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
