import { randomUUID } from 'node:crypto';
import { keepPolling } from '@oriontel/contracts';
import { munchTasks } from './munch-task.repository.ts';
import { workOffTask, type TaskWork } from './work-off-task.ts';

export interface Muncher {
  /** Looks for a task now. */
  wake: () => void;
  /** Finishes the bite in hand and leaves the task to others. */
  stop: () => Promise<void>;
}

/** Milliseconds between two looks for tasks that no job told of: their queue was down, or their worker died. */
const LOOK_EVERY = 2_000;

/** Works tasks off, one at a time; of several workers each takes another. */
export const openMuncher = (work: TaskWork): Muncher => {
  const { db, log } = work;
  const workOff = workOffTask(work);
  const workAll = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Of one claim: a worker that takes its own task over after its lease ran out is another.
      const holder = randomUUID();
      const task = await munchTasks(db).claim(holder);
      if (!task) return;
      await workOff(task, holder, signal);
    }
  };
  const { nudge, stop } = keepPolling(workAll, {
    interval: LOOK_EVERY,
    onError: (err) => log.warn({ err }, 'no task could be taken in hand: the database is out of reach'),
  });
  nudge();
  return { wake: nudge, stop };
};
