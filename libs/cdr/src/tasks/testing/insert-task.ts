import { randomUUID } from 'node:crypto';
import type { Queryable } from '@oriontel/database';
import { cdrTasks, type NewTask } from '../cdr-task.repository.ts';
import { newTaskId, type StoredTask } from '../cdr-task.ts';
import { TaskLost, type RunChunk, type Save } from '../chunk.ts';

/** Queues a task without checking for conflicts. */
export function insertTask(db: Queryable, overrides: Partial<NewTask> = {}): Promise<StoredTask> {
  return cdrTasks(db).insert({
    id: newTaskId(new Date()),
    taskType: 'reprocess',
    orgId: 1,
    range: { from: null, before: null },
    priority: 'normal',
    requestedBy: 'test',
    estimatedRecords: 10,
    position: { phase: 'legs' },
    ...overrides,
  });
}

/** Claims the next task for a new holder; fails if no task can be claimed. */
export async function claimTask(db: Queryable) {
  const holder = randomUUID();
  const task = await cdrTasks(db).claim(holder);
  if (!task) throw new Error('no task can be claimed');
  return { task, holder, lease: { id: task.id, holder } };
}

/** Lets the leases of all running tasks expire, as if their workers had died 20 s ago. */
export async function expireLeases(db: Queryable): Promise<void> {
  await db.$executeRaw`
    UPDATE munch_tasks
    SET lease_until = now() - interval '5 seconds'
    WHERE state = 'running'`;
}

/** Runs one chunk of a claimed task, saves its progress as runTask() does and returns the task with it. */
export async function runChunkOf(
  { task, lease }: Awaited<ReturnType<typeof claimTask>>,
  runChunk: RunChunk,
  signal = new AbortController().signal,
): Promise<StoredTask> {
  const save: Save = async function saveProgress(tx, { position, counts }) {
    if (!(await cdrTasks(tx).save(lease, position, counts))) throw new TaskLost();
  };
  return { ...task, ...(await runChunk(task, save, signal)) };
}
