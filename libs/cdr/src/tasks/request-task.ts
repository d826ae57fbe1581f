import { Failure } from '@oriontel/contracts';
import type { Database, Queryable } from '@oriontel/database';
import { estimateRecords } from './estimate-records.ts';
import { newTaskId, type Position, type Priority, type StoredTask, type TaskType } from './cdr-task.ts';
import { cdrTasks, type TaskScope } from './cdr-task.repository.ts';

export interface TaskRequest extends TaskScope {
  /** Default: normal for a new task, unchanged for an existing one. */
  priority: Priority | undefined;
  /** A user, an API key or a recurring task. */
  requestedBy: string;
}

const FIRST_POSITION: Record<TaskType, Position> = {
  process: { phase: 'intake' },
  reprocess: { phase: 'legs' },
  cleanup: { phase: 'months' },
};

/**
 * Queues a task.
 * @throws Failure conflict if a task of the same type with an overlapping scope is queued or running
 */
export function createTask(db: Database) {
  return async function queueTask(request: TaskRequest): Promise<StoredTask> {
    const insert = await prepareInsert(db, request);
    return db.$transaction(async (tx) => {
      await cdrTasks(tx).lockQueueing();
      if (await cdrTasks(tx).findOverlapping(request)) throw conflict();
      return insert(tx);
    });
  };
}

/**
 * Changes the priority of the queued task with the same scope, or queues a new one.
 * @throws Failure conflict
 */
export function updateTask(db: Database) {
  return async function prioritizeOrQueueTask(request: TaskRequest): Promise<StoredTask> {
    const insert = await prepareInsert(db, request);
    return db.$transaction(async (tx) => {
      await cdrTasks(tx).lockQueueing();
      const overlapping = await cdrTasks(tx).findOverlapping(request);
      if (!overlapping) return insert(tx);
      const changed = isSameScope(overlapping, request)
        ? await cdrTasks(tx).prioritize(overlapping.id, request.priority ?? overlapping.priority)
        : null;
      if (!changed) throw conflict();
      return changed;
    });
  };
}

/** Estimates the records before queueing is locked, because that may take seconds. */
async function prepareInsert(db: Database, request: TaskRequest) {
  const estimatedRecords = await estimateRecords(db, request);
  const { priority = 'normal', taskType } = request;
  const task = {
    ...request,
    id: newTaskId(new Date()),
    priority,
    estimatedRecords,
    position: FIRST_POSITION[taskType],
  };
  return function insertTask(tx: Queryable) {
    return cdrTasks(tx).insert(task);
  };
}

function isSameScope(task: StoredTask, { orgId, range }: TaskScope): boolean {
  return (
    task.orgId === orgId &&
    task.range.from?.getTime() === range.from?.getTime() &&
    task.range.before?.getTime() === range.before?.getTime()
  );
}

function conflict(): Failure {
  return new Failure(
    'conflict',
    'Conflicting task already running: its type and range overlap. Wait for it or cancel it.',
  );
}
