import { Failure } from '@oriontel/contracts';
import type { Database, Queryable } from '@oriontel/database';
import { estimateRecords } from './estimate-records.ts';
import { newTaskId, type Position, type Priority, type StoredTask, type TaskType } from './cdr-task.ts';
import { cdrTasks, type TaskScope } from './cdr-task.repository.ts';

export interface TaskRequest extends TaskScope {
  /** Absent: normal, or as it was. */
  priority: Priority | undefined;
  /** A user, or the recurring work that asks. */
  requestedBy: string;
}

const FIRST_POSITION: Record<TaskType, Position> = {
  process: { phase: 'intake' },
  reprocess: { phase: 'legs' },
  cleanup: { phase: 'months' },
};

/** Queues a task. @throws Failure conflict where one of its type is open that shares an organization and a moment with it. */
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

/** Changes the priority of the equal task that still waits, or queues one. @throws Failure conflict */
export function updateTask(db: Database) {
  return async function prioritizeOrQueueTask(request: TaskRequest): Promise<StoredTask> {
    const insert = await prepareInsert(db, request);
    return db.$transaction(async (tx) => {
      await cdrTasks(tx).lockQueueing();
      const open = await cdrTasks(tx).findOverlapping(request);
      if (!open) return insert(tx);
      const changed = isSameScope(open, request)
        ? await cdrTasks(tx).prioritize(open.id, request.priority ?? open.priority)
        : null;
      if (!changed) throw conflict();
      return changed;
    });
  };
}

/** Counted before others are kept from queueing: that may take seconds. */
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
    'Conflicting task already running: one of this type over this range is queued or running. Wait for it, or cancel it.',
  );
}
