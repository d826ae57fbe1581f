import { randomBytes } from 'node:crypto';
import { compactStamp, Id, isoTime, isoTimeOrNull, pageQuery, required } from '@oriontel/contracts';
import { z } from 'zod';
import { DateRange, lastMomentOf, type TimeRange } from './date-range.ts';

export const TaskType = z.enum(
  ['process', 'reprocess', 'cleanup'],
  required('must be process, reprocess or cleanup'),
);
export type TaskType = z.output<typeof TaskType>;

/** Lowest first: the table stores and sorts by the index. */
export const Priority = z.enum(['low', 'normal', 'high'], required('must be low, normal or high'));
export type Priority = z.output<typeof Priority>;

export const TaskState = z
  .enum(['queued', 'running', 'done', 'failed', 'cancelled'])
  .meta({ description: 'queued: waits for a worker; running: claimed by a worker; the others are final' });
export type TaskState = z.output<typeof TaskState>;

/** The request body for a new task. */
export const NewCdrTask = z
  .object({
    task_type: TaskType.meta({
      description:
        'process: store what was accepted in the range and is pending or quarantined; ' +
        'reprocess: normalize the raw records of the calls that started in the range again; ' +
        'cleanup: delete the calls that started in the range and the records quarantined in it',
    }),
    date_range: DateRange.nullish(),
    org_id: Id.nullish().meta({
      description: 'Admins only; default: all organizations. Others use their own',
    }),
    priority: Priority.nullish().meta({
      description: 'Order of queued tasks; default: normal',
    }),
  })
  .refine(({ task_type, date_range }) => task_type !== 'cleanup' || !!date_range?.end, {
    path: ['date_range', 'end'],
    message: 'is required for cleanup: calls are deleted up to this time',
  })
  .meta({
    id: 'NewMunchTask',
    examples: [
      {
        task_type: 'process',
        date_range: { start: '2024-01-15T00:00:00Z', end: '2024-01-15T23:59:59Z' },
        priority: 'high',
      },
    ],
  });
export type NewCdrTask = z.output<typeof NewCdrTask>;

const count = z.int().min(0);
const TASK_ID = 'cdrmunch-task-20240115-0358149203715536184273945';

/** The response to a requested task. */
export const TaskResponse = z
  .object({
    status: z.literal('success'),
    task_id: z.string(),
    task_type: TaskType,
    queued_at: z.iso.datetime(),
    estimated_records: count.meta({ description: 'Counted when the task was queued' }),
    priority: Priority,
  })
  .meta({
    id: 'MunchTaskAnswer',
    examples: [
      {
        status: 'success',
        task_id: TASK_ID,
        task_type: 'process',
        queued_at: '2024-01-15T11:00:00Z',
        estimated_records: 15420,
        priority: 'high',
      },
    ],
  });
export type TaskResponse = z.output<typeof TaskResponse>;

/** Records processed so far, by outcome. Outcomes of other task types are 0. */
export const TaskCounts = z.object({
  processed: count.meta({ description: 'Records processed: the sum of the others' }),
  stored: count.meta({ description: 'process: new calls stored' }),
  duplicates: count.meta({ description: 'process: calls that were stored before' }),
  quarantined: count.meta({
    description: 'process: records that are invalid or conflict with a stored call',
  }),
  changed: count.meta({ description: 'reprocess: calls changed by the current rules' }),
  unchanged: count.meta({ description: 'reprocess: calls that did not change' }),
  failed: count.meta({
    description: 'reprocess: calls whose raw record could not be parsed; they are unchanged',
  }),
  deleted: count.meta({ description: 'cleanup: calls deleted' }),
  written_off: count.meta({ description: 'cleanup: quarantined records discarded' }),
});
export type TaskCounts = z.output<typeof TaskCounts>;

export const NO_COUNTS: TaskCounts = {
  processed: 0,
  stored: 0,
  duplicates: 0,
  quarantined: 0,
  changed: 0,
  unchanged: 0,
  failed: 0,
  deleted: 0,
  written_off: 0,
};

/** Adds outcomes, and their sum to `processed`. */
export function addCounts(counts: TaskCounts, added: Partial<Omit<TaskCounts, 'processed'>>): TaskCounts {
  const sum = { ...counts };
  for (const [name, value] of Object.entries(added) as [keyof TaskCounts, number][]) {
    sum[name] += value;
    sum.processed += value;
  }
  return sum;
}

/** A task in the JSON format of the API. */
export const CdrTask = z
  .object({
    task_id: z.string(),
    task_type: TaskType,
    org_id: z.int().nullable().meta({ description: 'null: all organizations' }),
    date_range: z.object({ start: z.iso.datetime().nullable(), end: z.iso.datetime().nullable() }),
    priority: Priority,
    state: TaskState,
    requested_by: z.string(),
    estimated_records: count,
    progress: z.int().min(0).max(100).meta({ description: 'Percent of the estimate; 100 only when done' }),
    counts: TaskCounts,
    queued_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    error: z.string().nullable(),
  })
  .meta({
    id: 'MunchTask',
    examples: [
      {
        task_id: TASK_ID,
        task_type: 'reprocess',
        org_id: 12345,
        date_range: { start: '2024-01-15T00:00:00Z', end: '2024-01-15T23:59:59Z' },
        priority: 'high',
        state: 'running',
        requested_by: 'admin',
        estimated_records: 15420,
        progress: 50,
        counts: { ...NO_COUNTS, processed: 7710, changed: 12, unchanged: 7698 },
        queued_at: '2024-01-15T11:00:00Z',
        started_at: '2024-01-15T11:00:00Z',
        finished_at: null,
        error: null,
      },
    ],
  });
export type CdrTask = z.output<typeof CdrTask>;

export const TaskQuery = z.strictObject({
  ...pageQuery,
  state: TaskState.optional(),
  task_type: TaskType.optional(),
});
export type TaskQuery = z.output<typeof TaskQuery>;

/** Where the next chunk starts: the phase, and the row after which it continues. Stored as JSON. */
export interface Position {
  phase: string;
  /** ISO 8601; with `id` the key of the last processed row. Omitted at the start of a phase. */
  time?: string;
  id?: string;
  /** process: the intake rows in flight, not counted yet, with their number of records. */
  inHand?: { id: string; records: number }[];
}

export const FINISHED: Position = { phase: 'finished' };

export interface StoredTask {
  id: string;
  taskType: TaskType;
  orgId: number | null;
  range: TimeRange;
  priority: Priority;
  state: TaskState;
  requestedBy: string;
  estimatedRecords: number;
  position: Position;
  counts: TaskCounts;
  queuedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  error: string | null;
  takeovers: number;
}

const TASK_ID_DIGITS = 25;

/** `cdrmunch-task-20240115-…`, as documented: the day and 80 random bits in decimal digits. */
export function newTaskId(now: Date): string {
  const number = BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString()
    .padStart(TASK_ID_DIGITS, '0');
  return `cdrmunch-task-${compactStamp(now).slice(0, 8)}-${number}`;
}

export function presentTaskResponse(task: StoredTask): TaskResponse {
  return {
    status: 'success',
    task_id: task.id,
    task_type: task.taskType,
    queued_at: isoTime(task.queuedAt),
    estimated_records: task.estimatedRecords,
    priority: task.priority,
  };
}

export function presentTask(task: StoredTask): CdrTask {
  return {
    task_id: task.id,
    task_type: task.taskType,
    org_id: task.orgId,
    date_range: { start: isoTimeOrNull(task.range.from), end: isoTimeOrNull(lastMomentOf(task.range)) },
    priority: task.priority,
    state: task.state,
    requested_by: task.requestedBy,
    estimated_records: task.estimatedRecords,
    progress: progressOf(task),
    counts: task.counts,
    queued_at: isoTime(task.queuedAt),
    started_at: isoTimeOrNull(task.startedAt),
    finished_at: isoTimeOrNull(task.finishedAt),
    error: task.error,
  };
}

function progressOf({ state, estimatedRecords, counts }: StoredTask): number {
  if (state === 'done') return 100;
  return estimatedRecords ? Math.min(99, Math.floor((100 * counts.processed) / estimatedRecords)) : 0;
}
