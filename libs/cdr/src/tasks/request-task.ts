import { Failure } from '@oriontel/contracts';
import type { Database, Queryable } from '@oriontel/database';
import { estimateRecords } from './estimate-records.ts';
import { newTaskId, type Position, type Priority, type StoredTask, type TaskType } from './munch-task.ts';
import { munchTasks, type TaskScope } from './munch-task.repository.ts';

export interface TaskRequest extends TaskScope {
  /** Absent: normal, or as it was. */
  priority: Priority | undefined;
  /** A user, or the recurring work that asks. */
  requestedBy: string;
}

const FIRST: Record<TaskType, Position> = {
  process: { phase: 'intake' },
  reprocess: { phase: 'legs' },
  cleanup: { phase: 'months' },
};

/** Queues a task. @throws Failure conflict where one of its type is open that shares an organization and a moment with it. */
export const createTask =
  (db: Database) =>
  async (request: TaskRequest): Promise<StoredTask> => {
    const insert = await prepare(db, request);
    return db.$transaction(async (tx) => {
      await munchTasks(tx).lockQueueing();
      if (await munchTasks(tx).findOverlapping(request)) throw conflict();
      return insert(tx);
    });
  };

/** Changes the priority of the equal task that still waits, or queues one. @throws Failure conflict */
export const updateTask =
  (db: Database) =>
  async (request: TaskRequest): Promise<StoredTask> => {
    const insert = await prepare(db, request);
    return db.$transaction(async (tx) => {
      await munchTasks(tx).lockQueueing();
      const open = await munchTasks(tx).findOverlapping(request);
      if (!open) return insert(tx);
      const changed = isEqual(open, request)
        ? await munchTasks(tx).prioritize(open.id, request.priority ?? open.priority)
        : null;
      if (!changed) throw conflict();
      return changed;
    });
  };

/** Counted before others are kept from queueing: that may take seconds. */
const prepare = async (db: Database, request: TaskRequest) => {
  const estimatedRecords = await estimateRecords(db, request);
  const { priority = 'normal', taskType } = request;
  const task = {
    ...request,
    id: newTaskId(new Date()),
    priority,
    estimatedRecords,
    position: FIRST[taskType],
  };
  return (tx: Queryable) => munchTasks(tx).insert(task);
};

const isEqual = (task: StoredTask, { orgId, range }: TaskScope): boolean =>
  task.orgId === orgId &&
  task.range.from?.getTime() === range.from?.getTime() &&
  task.range.before?.getTime() === range.before?.getTime();

const conflict = (): Failure =>
  new Failure(
    'conflict',
    'Conflicting task already running: one of this type over this range is queued or running. Wait for it, or cancel it.',
  );
