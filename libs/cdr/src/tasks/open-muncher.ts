import { randomUUID } from 'node:crypto';
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
  const stopping = new AbortController();
  const workOff = workOffTask(work);
  let underWay: Promise<void> | undefined;
  let isWoken = false;

  const workAll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      isWoken = false;
      // Of one claim: a worker that takes its own task over after its lease ran out is another.
      const holder = randomUUID();
      const task = await munchTasks(db).claim(holder);
      if (task) await workOff(task, holder, stopping.signal);
      else if (!isWoken) return;
    }
  };
  const wake = (): void => {
    isWoken = true;
    underWay ??= workAll()
      .catch((err: unknown) =>
        log.warn({ err }, 'no task could be taken in hand: the database is out of reach'),
      )
      .finally(() => (underWay = undefined));
  };
  const timer = setInterval(wake, LOOK_EVERY);
  wake();
  return {
    wake,
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await underWay;
    },
  };
};
