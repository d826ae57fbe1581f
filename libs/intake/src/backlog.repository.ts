import { orgScope, Prisma, type Queryable } from '@oriontel/database';

/** Accepted at or after `from` and before `before`; null is unbounded. */
export interface AcceptedRange {
  from: Date | null;
  before: Date | null;
}

/** Selects rows of one queue that are not stored yet; `orgId` null selects every organization. */
export interface BacklogFilter {
  queue: string;
  orgId: number | null;
  accepted: AcceptedRange;
  /** Latest `accepted_at` of intake rows, latest `quarantined_at` of quarantined rows. */
  upTo: Date;
}

export interface BacklogRow {
  id: string;
  items: number;
}

/** Rows with an id greater than `after`, at most `limit` rows and about `maxBytes`, at least one row. */
export interface BacklogPage {
  after: string | null;
  limit: number;
  maxBytes: number;
}

function filterCondition({ queue, orgId, accepted }: BacklogFilter): Prisma.Sql {
  return Prisma.sql`queue = ${queue}
    AND ${orgScope(orgId)}
    AND (${accepted.from}::timestamptz IS NULL OR accepted_at >= ${accepted.from}::timestamptz)
    AND (${accepted.before}::timestamptz IS NULL OR accepted_at < ${accepted.before}::timestamptz)`;
}

function afterCondition(after: string | null): Prisma.Sql {
  return after ? Prisma.sql`AND id > ${after}::uuid` : Prisma.empty;
}

/** Bulk operations on pending and quarantined rows: counting, paging, redriving. */
export function backlog(db: Queryable) {
  function readPage(rows: Prisma.Sql, maxBytes: number): Promise<BacklogRow[]> {
    return db.$queryRaw`
      WITH picked AS MATERIALIZED (${rows}),
        measured AS (
          SELECT *, sum(bytes) OVER (ORDER BY id) - bytes AS earlier
          FROM picked
        )
      SELECT id, items
      FROM measured
      WHERE earlier < ${maxBytes}::int
      ORDER BY id`;
  }

  async function countItems(rows: Prisma.Sql): Promise<number> {
    const [row] = await db.$queryRaw<[{ items: number }]>`
      SELECT COALESCE(sum(items), 0)::float8 AS items
      FROM (${rows}) AS row`;
    return row.items;
  }

  return {
    /** Number of pending and quarantined items. */
    async count(filter: BacklogFilter): Promise<number> {
      const condition = filterCondition(filter);
      return countItems(Prisma.sql`
        SELECT items FROM intake WHERE ${condition}
        UNION ALL
        SELECT items FROM quarantine WHERE ${condition}`);
    },

    /** Number of quarantined items. */
    countQuarantined(filter: BacklogFilter): Promise<number> {
      return countItems(Prisma.sql`SELECT items FROM quarantine WHERE ${filterCondition(filter)}`);
    },

    /** A page of pending rows, oldest first. */
    pending(filter: BacklogFilter, { after, limit, maxBytes }: BacklogPage): Promise<BacklogRow[]> {
      const rows = Prisma.sql`
        SELECT id, items, pg_column_size(payload) AS bytes
        FROM intake
        WHERE ${filterCondition(filter)}
          AND accepted_at <= ${filter.upTo}
          ${afterCondition(after)}
        ORDER BY id
        LIMIT ${limit}::int`;
      return readPage(rows, maxBytes);
    },

    /** A page of quarantined rows, oldest first; locks them and waits for rows locked by others. */
    quarantined(filter: BacklogFilter, { after, limit, maxBytes }: BacklogPage): Promise<BacklogRow[]> {
      const rows = Prisma.sql`
        SELECT id, items, bytes
        FROM quarantine
        WHERE ${filterCondition(filter)}
          AND quarantined_at <= ${filter.upTo}
          ${afterCondition(after)}
        ORDER BY id
        LIMIT ${limit}::int
        FOR UPDATE`;
      return readPage(rows, maxBytes);
    },

    /** Returns those of `ids` that are still in the intake. */
    async stillPending(ids: string[]): Promise<string[]> {
      const rows = await db.$queryRaw<{ id: string }[]>`
        SELECT id
        FROM intake
        WHERE id = ANY(${ids}::uuid[])
        ORDER BY id`;
      return rows.map(({ id }) => id);
    },

    /**
     * Moves quarantined rows back to the intake under their own ids, with their original `accepted_at`.
     * `graceSeconds`: time until the sweeper may dispatch them.
     */
    async redrive(ids: string[], graceSeconds: number): Promise<void> {
      await db.$executeRaw`
        WITH taken AS (
          DELETE FROM quarantine
          WHERE id = ANY(${ids}::uuid[])
          RETURNING *
        )
        INSERT INTO intake (
          id, queue, org_id, key, payload, items, reference, request_id, accepted_at, due_at
        )
        SELECT id, queue, org_id, key, payload, items, reference, request_id, accepted_at,
          now() + make_interval(secs => ${graceSeconds}::float8)
        FROM taken`;
    },

    async removeQuarantined(ids: string[]): Promise<void> {
      await db.$executeRaw`
        DELETE FROM quarantine
        WHERE id = ANY(${ids}::uuid[])`;
    },

    /** Age of the oldest pending row in seconds; null if the intake is empty. */
    async oldestAgeSeconds(): Promise<number | null> {
      const [row] = await db.$queryRaw<[{ age: number | null }]>`
        SELECT extract(epoch FROM now() - accepted_at)::float8 AS age
        FROM intake
        ORDER BY id
        LIMIT 1`;
      return row?.age ?? null;
    },
  };
}
