import { Prisma, type Queryable } from '@oriontel/database';

/** A value on its way into the intake table; `payload` is JSON text. */
export interface NewRow {
  id: string;
  queue: string;
  orgId: number;
  key: string;
  payload: string;
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
  /** Tries that were begun and not finished, as far as they were counted. */
  attempts: number;
}

export interface NewQuarantineItem {
  orgId: number;
  key: string;
  /** A word for programs. */
  reason: string;
  /** A sentence for people: what is wrong and what to do. */
  detail: string;
  /** A payload of the same kind that holds no more than what is bad, so that it can be driven again by itself. */
  payload: unknown;
  /** What makes it the same as one that is in quarantine already; the payload where it is absent. */
  sameAs?: unknown;
  requestId: string;
  acceptedAt: Date;
}

/** A row that its queue forgot. */
export interface SweptRow {
  id: string;
  queue: string;
  sweeps: number;
  /** Of its payload. */
  bytes: number;
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", key, payload, request_id AS "requestId", accepted_at AS "acceptedAt", attempts`;

/** The only file that speaks to the intake table. */
export function intakeRows(db: Queryable) {
  return {
    /** One statement, so one commit. `grace`: seconds until the sweeper may look at them. */
    async insert(rows: NewRow[], grace: number): Promise<void> {
      const values = rows.map(
        ({ id, queue, orgId, key, payload, requestId }) =>
          Prisma.sql`(${id}::uuid, ${queue}, ${orgId}::int, ${key}, ${payload}::json, ${requestId}, now() + make_interval(secs => ${grace}::float8))`,
      );
      await db.$executeRaw`
      INSERT INTO intake (id, queue, org_id, key, payload, request_id, due_at) VALUES ${Prisma.join(values)}`;
    },

    /**
     * Takes out what is still there of `ids`, for good once the transaction commits; rows that another worker has in hand are
     * left to it. Oldest first.
     */
    async dequeue<T>(ids: string[]): Promise<IntakeRow<T>[]> {
      const rows = await db.$queryRaw<IntakeRow<T>[]>`
      DELETE FROM intake WHERE id = ANY(ARRAY(
        SELECT id FROM intake WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED))
      RETURNING ${COLUMNS}`;
      return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    /** Locks what is still there of `ids`; rows that another worker has in hand are left to it. Oldest first. */
    claim<T>(ids: string[]): Promise<IntakeRow<T>[]> {
      return db.$queryRaw`
    SELECT ${COLUMNS} FROM intake WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED`;
    },

    /** Counts a try before it begins, so that one which kills its worker is counted too. */
    async countAttempt(ids: string[]): Promise<void> {
      await db.$executeRaw`UPDATE intake SET attempts = attempts + 1 WHERE id = ANY(${ids}::uuid[])`;
    },

    /** Takes a counted try back. */
    async uncountAttempt(ids: string[]): Promise<void> {
      await db.$executeRaw`UPDATE intake SET attempts = GREATEST(attempts - 1, 0) WHERE id = ANY(${ids}::uuid[])`;
    },

    async remove(ids: string[]): Promise<void> {
      await db.$executeRaw`DELETE FROM intake WHERE id = ANY(${ids}::uuid[])`;
    },

    /** Rows of these queues that are due, oldest due first; each is due again `grace` seconds later, then twice that … */
    claimDue(queues: string[], grace: number, limit: number): Promise<SweptRow[]> {
      return db.$queryRaw`
      UPDATE intake SET sweeps = LEAST(sweeps + 1, 20), due_at = now() + make_interval(secs => ${grace}::float8 * power(2, LEAST(sweeps + 1, 8)))
      WHERE id IN (
        SELECT id FROM intake WHERE due_at < now() AND queue = ANY(${queues}::text[])
        ORDER BY due_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING id, queue, sweeps, pg_column_size(payload) AS bytes`;
    },

    /** What is accepted and not stored yet, oldest first: lets a reader find its own writes. `orgId` null: of everybody. */
    pending<T>(
      queue: string,
      orgId: number | null,
      { key = null, limit }: { key?: string | null; limit: number },
    ): Promise<IntakeRow<T>[]> {
      return db.$queryRaw`
    SELECT ${COLUMNS} FROM intake
    WHERE queue = ${queue} AND (${orgId}::int IS NULL OR org_id = ${orgId}::int) AND (${key}::text IS NULL OR key = ${key}) ORDER BY id LIMIT ${limit}::int`;
    },

    /** Whether anything of an organization is on the road that was accepted before `time`. */
    async hasPending(queue: string, orgId: number | null, time: Date): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
      SELECT EXISTS (SELECT 1 FROM intake
        WHERE queue = ${queue} AND (${orgId}::int IS NULL OR org_id = ${orgId}::int) AND accepted_at <= ${time}) AS found`;
      return row.found;
    },

    /** Whether anything is on the road under one of these keys. */
    async hasPendingKey(queue: string, orgId: number, keys: string[]): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
      SELECT EXISTS (SELECT 1 FROM intake
        WHERE queue = ${queue} AND org_id = ${orgId}::int AND key = ANY(${keys}::text[])) AS found`;
      return row.found;
    },

    async exists(id: string): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
      SELECT EXISTS (SELECT 1 FROM intake WHERE id = ${id}::uuid) AS found`;
      return row.found;
    },

    async count(): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: bigint }]>`SELECT count(*) FROM intake`;
      return Number(row.count);
    },
  };
}

/** A subquery `(id, payload)` of what is on the road under these keys, for readers who merge it with what is stored. */
export function pendingPayloads(queue: string, orgId: number, keys: string[]): Prisma.Sql {
  return Prisma.sql`SELECT id, payload FROM intake
    WHERE queue = ${queue} AND org_id = ${orgId}::int AND key = ANY(${keys}::text[])`;
}

/**
 * A condition: something of the organization is on the road that was accepted before the row `before`, and after the UUIDv7 `since`.
 * `orgId` and `before` are columns of the statement around it.
 */
export function isPendingBefore(
  queue: string,
  { orgId, before, since }: { orgId: Prisma.Sql; before: Prisma.Sql; since: string },
): Prisma.Sql {
  return Prisma.sql`EXISTS (SELECT 1 FROM intake
    WHERE intake.queue = ${queue} AND intake.org_id = ${orgId} AND intake.id < ${before} AND intake.id > ${since}::uuid)`;
}

export type IntakeRows = ReturnType<typeof intakeRows>;
