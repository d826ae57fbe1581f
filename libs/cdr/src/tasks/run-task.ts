import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, type Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { TaskLost, type RunChunk, type Save } from './chunk.ts';
import { FINISHED, type StoredTask, type TaskType } from './cdr-task.ts';
import { LEASE_SECONDS, cdrTasks, type TaskLease } from './cdr-task.repository.ts';

export interface TaskRunnerOptions {
  db: Database;
  runChunk: Record<TaskType, RunChunk>;
  /** Rests after so many milliseconds of work. */
  rest: (taskType: TaskType, worked: number, signal: AbortSignal) => Promise<void>;
  log: Logger;
}

/** Workers that a task may outlive one after the other without getting any further. */
const MAX_TAKEOVERS = 5;
/** Tries of a bite against a database that deadlocks or is away for a moment. */
const MAX_ATTEMPTS = 5;
const FIRST_RETRY_DELAY_MS = 100;

/** Works a claimed task off, bite by bite, until it is finished, is lost to another or `signal` says stop. */
export function runTask({ db, runChunk, rest, log }: TaskRunnerOptions) {
  return async function runClaimedTask(
    claimed: StoredTask,
    holder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const hold: TaskLease = { id: claimed.id, holder };
    const save: Save = async (tx, { position, counts }) => {
      if (!(await cdrTasks(tx).save(hold, position, counts))) throw new TaskLost();
    };
    const heartbeat = setInterval(
      () =>
        void cdrTasks(db)
          .renew(hold)
          .catch((err: unknown) => log.warn({ err }, 'a lease could not be renewed')),
      (LEASE_SECONDS * 1_000) / 3,
    );
    try {
      await workOff(claimed);
    } catch (err) {
      await judge(err);
    } finally {
      clearInterval(heartbeat);
    }

    async function workOff(task: StoredTask): Promise<void> {
      if (task.takeovers > MAX_TAKEOVERS)
        return cdrTasks(db).finish(
          hold,
          'failed',
          'Its workers died at the same place of it, one after the other.',
        );
      while (task.position.phase !== FINISHED.phase) {
        if (signal.aborted) return cdrTasks(db).release(hold);
        const began = performance.now();
        const progress = await withRetries(() => runChunk[task.taskType](task, save, signal), signal);
        task = { ...task, ...progress, takeovers: 0 };
        await rest(task.taskType, performance.now() - began, signal);
      }
      await cdrTasks(db).finish(hold, 'done', null);
      log.info({ taskId: task.id, taskType: task.taskType, counts: task.counts }, 'task done');
    }

    async function judge(err: unknown): Promise<void> {
      const { id: taskId } = hold;
      if (signal.aborted) return cdrTasks(db).release(hold);
      if (err instanceof TaskLost) return log.info({ taskId }, 'task cancelled, or taken over');
      // Its lease runs out, and whoever reaches the database then goes on with it.
      if (isUnavailable(err)) return log.warn({ err, taskId }, 'task left: the database is out of reach');
      log.error({ err, taskId }, 'task failed');
      await cdrTasks(db).finish(hold, 'failed', 'Its worker failed at it; the log of the worker says why.');
    }
  };
}

async function withRetries<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || attempt >= MAX_ATTEMPTS || signal.aborted) throw error;
      await sleep(FIRST_RETRY_DELAY_MS * 2 ** attempt * Math.random(), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }
}
