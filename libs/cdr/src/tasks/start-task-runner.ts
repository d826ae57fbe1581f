import { randomUUID } from 'node:crypto';
import { startPoller } from '@oriontel/contracts';
import { cdrTasks } from './cdr-task.repository.ts';
import { runTask, type TaskRunnerOptions } from './run-task.ts';

export interface TaskRunner {
  /** Looks for a task now. */
  wake: () => void;
  /** Finishes the bite in hand and leaves the task to others. */
  stop: () => Promise<void>;
}

/** Milliseconds between two looks for tasks that no job told of: their queue was down, or their worker died. */
const POLL_INTERVAL_MS = 2_000;

/** Works tasks off, one at a time; of several workers each takes another. */
export function startTaskRunner(work: TaskRunnerOptions): TaskRunner {
  const { db, log } = work;
  const workOff = runTask(work);
  async function workAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Of one claim: a worker that takes its own task over after its lease ran out is another.
      const holder = randomUUID();
      const task = await cdrTasks(db).claim(holder);
      if (!task) return;
      await workOff(task, holder, signal);
    }
  }
  const { wake, stop } = startPoller(workAll, {
    intervalMs: POLL_INTERVAL_MS,
    onError: (err) => log.warn({ err }, 'no task could be taken in hand: the database is out of reach'),
  });
  wake();
  return { wake, stop };
}
