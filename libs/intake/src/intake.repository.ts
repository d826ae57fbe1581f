import { Prisma, type Queryable } from '@oriontel/database';

/** A row to insert; `payload` is JSON text. */
export interface NewRow {
  id: string;
  queue: string;
  orgId: number;
  key: string;
  payload: string;
  /**
   * Records in the payload.
   * @default 1
   */
  items?: number | undefined;
  /** Given to the client that sent the value, if it has one. */
  reference?: string | null | undefined;
  requestId: string;
}

/** An accepted value that is not in its final table yet. */
export interface IntakeRow<T> {
  id: string;
  orgId: number;
  key: string;
  payload: T;
  requestId: string;
  acceptedAt: Date;
  /** Counted attempts that were begun and not committed. */
  attempts: number;
}

/** A row with what a handler of the value does not need. */
export interface StoredRow<T> extends IntakeRow<T> {
  /** Records in the payload. */
  items: number;
  /** Given to the client that sent the value, if it has one. */
  reference: string | null;
}

/** What is known of an accepted value without reading its payload. */
export type PendingEntry = Pick<StoredRow<unknown>, 'id' | 'items' | 'reference' | 'acceptedAt'>;

export interface NewQuarantineItem {
  orgId: number;
  key: string;
  /** Machine-readable reason. */
  reason: string;
  /** Human-readable: what is wrong and what to do. */
  detail: string;
  /** A payload of the same kind reduced to the bad part, so that it can be redriven alone. */
  payload: unknown;
  /**
   * Identity for deduplication: an item with the same identity is not inserted again.
   * @default payload
   */
  sameAs?: unknown;
  /**
   * Records in the payload.
   * @default 1
   */
  items?: number;
  reference?: string | null;
  requestId: string;
  acceptedAt: Date;
}

/** A row that is due for another dispatch. */
export interface SweptRow {
  id: string;
  /** As in IntakeRow. */
  attempts: number;
  /** Size of the payload. */
  bytes: number;
}

export interface ClaimDueOptions {
  /** The same as for `insert`. */
  graceSeconds: number;
  dispatchedBefore: Date | null;
  limit: number;
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", key, payload, items, reference, request_id AS "requestId",
  accepted_at AS "acceptedAt", attempts`;

export function intakeRows(db: Queryable) {
  return {
    /** Inserts all rows in one statement. `graceSeconds`: time until the sweeper may dispatch them. */
    async insert(rows: NewRow[], graceSeconds: number): Promise<void> {
      const bytes = rows.reduce((sum, { payload }) => sum + payload.length, 0);
      if (rows.length > 1 && bytes <= MAX_ARRAY_BYTES) {
        await insertArrays(db, rows, graceSeconds);
        return;
      }
      const values = rows.map((row) => insertValues(row, graceSeconds));
      await db.$executeRaw`
        INSERT INTO intake (id, queue, org_id, key, payload, items, reference, request_id, due_at)
        VALUES ${Prisma.join(values)}`;
    },

    /**
     * Deletes and returns those of `ids` that still exist, oldest first.
     * Rows locked by another worker are skipped.
     */
    async dequeue<T>(ids: string[]): Promise<StoredRow<T>[]> {
      const rows = await db.$queryRaw<StoredRow<T>[]>`
        DELETE FROM intake
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM intake
          WHERE id = ANY(${ids}::uuid[])
          ORDER BY id
          FOR UPDATE SKIP LOCKED
        ))
        RETURNING ${COLUMNS}`;
      return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    /**
     * Locks and returns those of `ids` that still exist, oldest first. Rows locked by another worker are
     * skipped.
     */
    claim<T>(ids: string[]): Promise<StoredRow<T>[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM intake
        WHERE id = ANY(${ids}::uuid[])
        ORDER BY id
        FOR UPDATE SKIP LOCKED`;
    },

    /** Counts an attempt before it begins, so that an attempt that kills its worker is counted too. */
    async countAttempt(ids: string[]): Promise<void> {
      await db.$executeRaw`
        UPDATE intake
        SET attempts = attempts + 1
        WHERE id = ANY(${ids}::uuid[])`;
    },

    /** Reverts `countAttempt`. */
    async uncountAttempt(ids: string[]): Promise<void> {
      await db.$executeRaw`
        UPDATE intake
        SET attempts = GREATEST(attempts - 1, 0)
        WHERE id = ANY(${ids}::uuid[])`;
    },

    async remove(ids: string[]): Promise<void> {
      await db.$executeRaw`
        DELETE FROM intake
        WHERE id = ANY(${ids}::uuid[])`;
    },

    /**
     * Returns due rows of a queue, longest overdue first, and postpones them: by `graceSeconds` times 2, 4,
     * 8, … up to 256. Rows that were last dispatched at or after `dispatchedBefore` are not due: their jobs
     * may still wait.
     */
    claimDue(queue: string, { graceSeconds, dispatchedBefore, limit }: ClaimDueOptions): Promise<SweptRow[]> {
      return db.$queryRaw`
        UPDATE intake
        SET sweeps = LEAST(sweeps + 1, 20),
          due_at = now() + make_interval(secs => ${graceSeconds}::float8 * power(2, LEAST(sweeps + 1, 8)))
        WHERE id IN (
          SELECT id
          FROM intake
          WHERE due_at < now()
            AND queue = ${queue}
            AND (
              ${dispatchedBefore}::timestamptz IS NULL
              OR due_at - make_interval(secs => ${graceSeconds}::float8 * power(2, LEAST(sweeps, 8)))
                < ${dispatchedBefore}::timestamptz
            )
          ORDER BY due_at
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED
        )
        RETURNING id, attempts, pg_column_size(payload) AS bytes`;
    },

    /**
     * Lists accepted values that are not stored yet, oldest first, so that clients can read their own writes.
     * `orgId` null reads every organization. Payloads may be large: use a small `limit`, or pendingEntries.
     */
    pending<T>(
      queue: string,
      orgId: number | null,
      { key = null, limit }: { key?: string | null; limit: number },
    ): Promise<IntakeRow<T>[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM intake
        WHERE queue = ${queue}
          AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)
          AND (${key}::text IS NULL OR key = ${key})
        ORDER BY id
        LIMIT ${limit}::int`;
    },

    /** Lists accepted values with this key that are not stored yet, oldest first, without their payloads. */
    pendingEntries(queue: string, orgId: number, key: string, limit: number): Promise<PendingEntry[]> {
      return db.$queryRaw`
        SELECT id, items, reference, accepted_at AS "acceptedAt"
        FROM intake
        WHERE queue = ${queue}
          AND org_id = ${orgId}::int
          AND key = ${key}
        ORDER BY id
        LIMIT ${limit}::int`;
    },

    /**
     * The newest pending values, newest first, of `maxBytes` together. A larger value is left out, without
     * being read.
     */
    newestPending<T>(
      queue: string,
      orgId: number | null,
      { limit, maxBytes }: { limit: number; maxBytes: number },
    ): Promise<IntakeRow<T>[]> {
      return db.$queryRaw`
        WITH newest AS MATERIALIZED (
          SELECT id, pg_column_size(payload) AS bytes
          FROM intake
          WHERE queue = ${queue}
            AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)
          ORDER BY id DESC
          LIMIT ${limit}::int
        ), measured AS (
          SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total
          FROM newest
          WHERE bytes <= ${maxBytes}::int
        )
        SELECT ${COLUMNS}
        FROM intake
        WHERE id = ANY(ARRAY(SELECT id FROM measured WHERE total <= ${maxBytes}::int))
        ORDER BY id DESC`;
    },

    /** Whether a value accepted at or before `time` is pending. `orgId` null checks every organization. */
    async hasPending(queue: string, orgId: number | null, time: Date): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
        SELECT EXISTS (
          SELECT 1
          FROM intake
          WHERE queue = ${queue}
            AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)
            AND accepted_at <= ${time}
        ) AS found`;
      return row.found;
    },

    /** Whether a value with one of these keys is pending. */
    async hasPendingKey(queue: string, orgId: number, keys: string[]): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
        SELECT EXISTS (
          SELECT 1
          FROM intake
          WHERE queue = ${queue}
            AND org_id = ${orgId}::int
            AND key = ANY(${keys}::text[])
        ) AS found`;
      return row.found;
    },

    async exists(id: string): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
        SELECT EXISTS (
          SELECT 1
          FROM intake
          WHERE id = ${id}::uuid
        ) AS found`;
      return row.found;
    },

    /** Seconds since the oldest value was accepted that is not stored yet; 0 if all are. */
    async oldestAgeSeconds(): Promise<number> {
      const [row] = await db.$queryRaw<{ seconds: number }[]>`
        SELECT extract(epoch FROM now() - accepted_at)::float8 AS seconds
        FROM intake
        ORDER BY id
        LIMIT 1`;
      return Math.max(0, row?.seconds ?? 0);
    },

    async count(): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: bigint }]>`
        SELECT count(*)
        FROM intake`;
      return Number(row.count);
    },
  };
}

/** Escaping the elements of an array would cost more than it saves for large payloads. */
const MAX_ARRAY_BYTES = 128 * 1024;

/** One text for any number of rows, which PostgreSQL parses and plans once per connection. */
async function insertArrays(db: Queryable, rows: NewRow[], graceSeconds: number): Promise<void> {
  await db.$executeRaw`
    INSERT INTO intake (id, queue, org_id, key, payload, items, reference, request_id, due_at)
    SELECT id, queue, org_id, key, payload::json, items, reference, request_id,
      now() + make_interval(secs => ${graceSeconds}::float8)
    FROM unnest(
      ${rows.map(({ id }) => id)}::uuid[],
      ${rows.map(({ queue }) => queue)}::text[],
      ${rows.map(({ orgId }) => orgId)}::int[],
      ${rows.map(({ key }) => key)}::text[],
      ${rows.map(({ payload }) => payload)}::text[],
      ${rows.map(({ items = 1 }) => items)}::int[],
      ${rows.map(({ reference = null }) => reference)}::text[],
      ${rows.map(({ requestId }) => requestId)}::text[]
    ) AS row(id, queue, org_id, key, payload, items, reference, request_id)`;
}

export type IntakeRows = ReturnType<typeof intakeRows>;

function insertValues(row: NewRow, graceSeconds: number): Prisma.Sql {
  const { id, queue, orgId, key, payload, items = 1, reference = null, requestId } = row;
  return Prisma.sql`(
    ${id}::uuid, ${queue}, ${orgId}::int, ${key}, ${payload}::json, ${items}::int, ${reference}, ${requestId},
    now() + make_interval(secs => ${graceSeconds}::float8)
  )`;
}

/** SQL subquery `(id, payload)` of the pending values with these keys, to be merged with stored rows. */
export function pendingPayloads(queue: string, orgId: number, keys: string[]): Prisma.Sql {
  return Prisma.sql`
    SELECT id, payload
    FROM intake
    WHERE queue = ${queue}
      AND org_id = ${orgId}::int
      AND key = ANY(${keys}::text[])`;
}

/**
 * SQL condition: a value of the organization is pending that was accepted before the row `before` and after
 * the UUIDv7 `since`. `orgId` and `before` are columns of the enclosing statement.
 */
export function isPendingBefore(
  queue: string,
  { orgId, before, since }: { orgId: Prisma.Sql; before: Prisma.Sql; since: string },
): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT 1
    FROM intake
    WHERE intake.queue = ${queue}
      AND intake.org_id = ${orgId}
      AND intake.id < ${before}
      AND intake.id > ${since}::uuid
  )`;
}
