import { randomUUID } from 'node:crypto';
import { startPoller } from '@oriontel/contracts';
import { cdrTasks } from './cdr-task.repository.ts';
import { runTask, type TaskRunnerOptions } from './run-task.ts';

export interface TaskRunner {
  /** Polls for tasks now. */
  wake: () => void;
  /** Finishes the running chunk and releases its task. */
  stop: () => Promise<void>;
}

/** Finds tasks without a job (their queue was down) and tasks of dead workers. */
const POLL_INTERVAL_MS = 2_000;

/** Claims and runs tasks, one at a time, until it is stopped. Several runners share the tasks. */
export function startTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { db, log } = options;
  const run = runTask(options);
  async function runAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A new holder per claim: after its lease expired, a worker may claim its own task again.
      const holder = randomUUID();
      const task = await cdrTasks(db).claim(holder);
      if (!task) return;
      await run(task, holder, signal);
    }
  }
  const { wake, stop } = startPoller(runAll, {
    intervalMs: POLL_INTERVAL_MS,
    onError: (err) => log.warn({ err }, 'claiming a task failed: database unavailable'),
  });
  wake();
  return { wake, stop };
}
