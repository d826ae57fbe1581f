import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, type Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';
import { cdrTasks, LEASE_SECONDS, type TaskLease } from './cdr-task.repository.ts';
import { FINISHED, type StoredTask, type TaskType } from './cdr-task.ts';
import { TaskLost, type RunChunk, type Save } from './chunk.ts';

export interface TaskRunnerOptions {
  db: Database;
  runChunk: Record<TaskType, RunChunk>;
  /** Rests after `workedMs` of work. */
  rest: (taskType: TaskType, workedMs: number, signal: AbortSignal) => Promise<void>;
  log: Logger;
}

/** Consecutive takeovers without progress after which a task fails. */
const MAX_TAKEOVERS = 5;
/** Attempts of a chunk while the database deadlocks or is unavailable. */
const MAX_ATTEMPTS = 5;
const FIRST_RETRY_DELAY_MS = 100;
const HEARTBEAT_INTERVAL_MS = (LEASE_SECONDS * 1_000) / 3;

/**
 * Runs a claimed task, chunk by chunk, until it is finished, lost to another worker, or `signal` is aborted.
 */
export function runTask({ db, runChunk, rest, log }: TaskRunnerOptions) {
  return async function runClaimedTask(
    claimed: StoredTask,
    holder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const lease: TaskLease = { id: claimed.id, holder };
    const stopHeartbeat = startHeartbeat(lease);
    try {
      await runChunks(claimed, lease, signal);
    } catch (err) {
      await handleError(err, lease, signal);
    } finally {
      stopHeartbeat();
    }
  };

  function startHeartbeat(lease: TaskLease): () => void {
    function renew(): void {
      void cdrTasks(db)
        .renew(lease)
        .catch((err: unknown) => log.warn({ err, taskId: lease.id }, 'renewing a task lease failed'));
    }
    const timer = setInterval(renew, HEARTBEAT_INTERVAL_MS);
    return function stopHeartbeat() {
      clearInterval(timer);
    };
  }

  async function runChunks(task: StoredTask, lease: TaskLease, signal: AbortSignal): Promise<void> {
    if (task.takeovers > MAX_TAKEOVERS)
      return cdrTasks(db).finish(
        lease,
        'failed',
        'Several workers in a row died while running the same part.',
      );
    const save: Save = async (tx, { position, counts }) => {
      if (!(await cdrTasks(tx).save(lease, position, counts))) throw new TaskLost();
    };
    while (task.position.phase !== FINISHED.phase) {
      if (signal.aborted) return cdrTasks(db).release(lease);
      const startedAt = performance.now();
      const progress = await withRetries(() => runChunk[task.taskType](task, save, signal), signal);
      task = { ...task, ...progress, takeovers: 0 };
      await rest(task.taskType, performance.now() - startedAt, signal);
    }
    await cdrTasks(db).finish(lease, 'done', null);
    log.info({ taskId: task.id, taskType: task.taskType, counts: task.counts }, 'task done');
  }

  async function handleError(err: unknown, lease: TaskLease, signal: AbortSignal): Promise<void> {
    const { id: taskId } = lease;
    if (signal.aborted) return cdrTasks(db).release(lease);
    if (err instanceof TaskLost) return log.info({ taskId }, 'task cancelled or taken over');
    // The lease expires, and the next worker that reaches the database continues.
    if (isUnavailable(err)) return log.warn({ err, taskId }, 'task interrupted: database unavailable');
    log.error({ err, taskId }, 'task failed');
    await cdrTasks(db).finish(lease, 'failed', 'An unexpected error: see the log of the worker.');
  }
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
