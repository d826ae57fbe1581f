import type { Page, Paged } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import {
  NO_COUNTS,
  Priority,
  type Position,
  type StoredTask,
  type TaskCounts,
  type TaskState,
  type TaskType,
} from './cdr-task.ts';
import type { TimeRange } from './date-range.ts';

/** Identifies equal tasks and conflicts between tasks. */
export interface TaskScope {
  taskType: TaskType;
  /** Null: all organizations. */
  orgId: number | null;
  range: TimeRange;
}

export type NewTask = TaskScope &
  Pick<StoredTask, 'id' | 'priority' | 'requestedBy' | 'estimatedRecords'> & { position: Position };

export interface TaskFilter {
  state?: TaskState | undefined;
  taskType?: TaskType | undefined;
}

/** A claim of a running task. */
export interface TaskLease {
  id: string;
  holder: string;
}

/** A worker keeps its task for this time after its last heartbeat. */
export const LEASE_SECONDS = 15;

const COLUMNS = Prisma.sql`
  id,
  task_type AS "taskType",
  org_id AS "orgId",
  range_from AS "rangeFrom",
  range_before AS "rangeBefore",
  priority,
  state,
  requested_by AS "requestedBy",
  estimated_records::float8 AS "estimatedRecords",
  position,
  counts,
  queued_at AS "queuedAt",
  started_at AS "startedAt",
  finished_at AS "finishedAt",
  error,
  takeovers`;

const RENEWED_LEASE = Prisma.sql`
  lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}::float8)`;

/** The munch_tasks table. `orgId` null: tasks of any scope; an organization sees only its own tasks. */
export function cdrTasks(db: Queryable) {
  return {
    /** Blocks other transactions that queue tasks until this one ends. */
    async lockQueueing(): Promise<void> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('munch_tasks'))`;
    },

    /**
     * The oldest queued or running task of the same type that shares an organization and a time with the
     * scope.
     */
    async findOverlapping({ taskType, orgId, range }: TaskScope): Promise<StoredTask | null> {
      const [row] = await db.$queryRaw<Row[]>`
        SELECT ${COLUMNS}
        FROM munch_tasks
        WHERE state IN ('queued', 'running')
          AND task_type = ${taskType}
          AND (org_id IS NULL OR ${orgId}::int IS NULL OR org_id = ${orgId}::int)
          AND (
            range_from IS NULL
            OR ${range.before}::timestamptz IS NULL
            OR range_from < ${range.before}::timestamptz
          )
          AND (
            range_before IS NULL
            OR ${range.from}::timestamptz IS NULL
            OR range_before > ${range.from}::timestamptz
          )
        ORDER BY queued_at, id
        LIMIT 1`;
      return row ? toTask(row) : null;
    },

    async insert(task: NewTask): Promise<StoredTask> {
      const { id, taskType, orgId, range, priority, requestedBy, estimatedRecords, position } = task;
      const [row] = await db.$queryRaw<[Row]>`
        INSERT INTO munch_tasks (
          id, task_type, org_id, range_from, range_before,
          priority, requested_by, estimated_records,
          position, counts
        )
        VALUES (
          ${id}, ${taskType}, ${orgId}::int, ${range.from}::timestamptz, ${range.before}::timestamptz,
          ${rankOf(priority)}::int, ${requestedBy}, ${estimatedRecords}::float8,
          ${JSON.stringify(position)}::jsonb, ${JSON.stringify(NO_COUNTS)}::jsonb
        )
        RETURNING ${COLUMNS}`;
      return toTask(row);
    },

    /** Null if the task is not queued any more. */
    async prioritize(id: string, priority: Priority): Promise<StoredTask | null> {
      const [row] = await db.$queryRaw<Row[]>`
        UPDATE munch_tasks
        SET priority = ${rankOf(priority)}::int
        WHERE id = ${id}
          AND state = 'queued'
        RETURNING ${COLUMNS}`;
      return row ? toTask(row) : null;
    },

    async find(orgId: number | null, id: string): Promise<StoredTask | null> {
      const [row] = await db.$queryRaw<Row[]>`
        SELECT ${COLUMNS}
        FROM munch_tasks
        WHERE id = ${id}
          AND ${orgScope(orgId)}`;
      return row ? toTask(row) : null;
    },

    /** Newest first. */
    async list(
      orgId: number | null,
      { state, taskType }: TaskFilter,
      { limit, offset }: Page,
    ): Promise<Paged<StoredTask>> {
      const where = Prisma.sql`${orgScope(orgId)}
          AND (${state ?? null}::text IS NULL OR state = ${state ?? null}::text)
          AND (${taskType ?? null}::text IS NULL OR task_type = ${taskType ?? null}::text)`;
      const rows = await db.$queryRaw<Row[]>`
        SELECT ${COLUMNS}
        FROM munch_tasks
        WHERE ${where}
        ORDER BY queued_at DESC, id DESC
        LIMIT ${limit}::int
        OFFSET ${offset}::int`;
      const [{ total }] = await db.$queryRaw<[{ total: bigint }]>`
        SELECT count(*) AS total
        FROM munch_tasks
        WHERE ${where}`;
      return { items: rows.map(toTask), total: Number(total) };
    },

    /**
     * False if the task has ended. A running chunk cannot save its progress any more, so it is rolled back.
     */
    async cancel(orgId: number | null, id: string): Promise<boolean> {
      const cancelled = await db.$executeRaw`
        UPDATE munch_tasks
        SET
          state = 'cancelled',
          finished_at = clock_timestamp(),
          lease_holder = NULL,
          lease_until = NULL
        WHERE id = ${id}
          AND ${orgScope(orgId)}
          AND state IN ('queued', 'running')`;
      return cancelled > 0;
    },

    /** Claims the next task: one with an expired lease, else the first queued one by priority and age. */
    async claim(holder: string): Promise<StoredTask | null> {
      const [row] = await db.$queryRaw<Row[]>`
        UPDATE munch_tasks
        SET
          state = 'running',
          lease_holder = ${holder}::uuid,
          ${RENEWED_LEASE},
          started_at = COALESCE(started_at, clock_timestamp()),
          takeovers = takeovers + (state = 'running')::int
        WHERE id = (
          SELECT id
          FROM munch_tasks
          WHERE state IN ('queued', 'running')
            AND (state = 'queued' OR lease_until < clock_timestamp())
          ORDER BY state = 'running' DESC, priority DESC, queued_at, id
          LIMIT 1
          FOR UPDATE SKIP LOCKED
        )
        RETURNING ${COLUMNS}`;
      return row ? toTask(row) : null;
    },

    /** Saves progress and renews the lease. False if the lease is lost: roll back the transaction. */
    async save(lease: TaskLease, position: Position, counts: TaskCounts): Promise<boolean> {
      const saved = await db.$executeRaw`
        UPDATE munch_tasks
        SET
          position = ${JSON.stringify(position)}::jsonb,
          counts = ${JSON.stringify(counts)}::jsonb,
          takeovers = 0,
          ${RENEWED_LEASE}
        WHERE ${leasedBy(lease)}`;
      return saved > 0;
    },

    /** False if the lease is lost. */
    async renew(lease: TaskLease): Promise<boolean> {
      const renewed = await db.$executeRaw`
        UPDATE munch_tasks
        SET ${RENEWED_LEASE}
        WHERE ${leasedBy(lease)}`;
      return renewed > 0;
    },

    /** Lets another worker claim the task at once. */
    async release(lease: TaskLease): Promise<void> {
      await db.$executeRaw`
        UPDATE munch_tasks
        SET lease_until = '-infinity', takeovers = takeovers - 1
        WHERE ${leasedBy(lease)}`;
    },

    async finish(lease: TaskLease, state: 'done' | 'failed', error: string | null): Promise<void> {
      await db.$executeRaw`
        UPDATE munch_tasks
        SET
          state = ${state},
          error = ${error},
          finished_at = clock_timestamp(),
          lease_holder = NULL,
          lease_until = NULL
        WHERE ${leasedBy(lease)}`;
    },

    /** Deletes tasks that ended more than `days` ago. Returns their number. */
    prune(days: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM munch_tasks
        WHERE state NOT IN ('queued', 'running')
          AND finished_at < now() - make_interval(days => ${days}::int)`;
    },

    /** Number of queued and running tasks. */
    async countOpen(): Promise<number> {
      const [row] = await db.$queryRaw<[{ open: bigint }]>`
        SELECT count(*) AS open
        FROM munch_tasks
        WHERE state IN ('queued', 'running')`;
      return Number(row.open);
    },
  };
}

type Row = Omit<StoredTask, 'range' | 'priority'> & {
  rangeFrom: Date | null;
  rangeBefore: Date | null;
  priority: number;
};

function toTask({ rangeFrom: from, rangeBefore: before, priority, ...row }: Row): StoredTask {
  return { ...row, range: { from, before }, priority: Priority.options[priority]! };
}

function rankOf(priority: Priority): number {
  return Priority.options.indexOf(priority);
}

function leasedBy({ id, holder }: TaskLease): Prisma.Sql {
  return Prisma.sql`id = ${id} AND lease_holder = ${holder}::uuid AND state = 'running'`;
}
