import { orgScope, Prisma, type Queryable } from '@oriontel/database';

/** What was accepted from `from` on and before `before`; null is open. */
export interface AcceptedRange {
  from: Date | null;
  before: Date | null;
}

/** Rows of one queue that are not stored: `orgId` null is everybody's. */
export interface BacklogFilter {
  queue: string;
  orgId: number | null;
  accepted: AcceptedRange;
  /** The member of a payload that lists its items; a payload without it is one item. */
  itemsField: string;
  /** In the intake: those accepted up to then; in quarantine: those that came there up to then. */
  upTo: Date;
}

export interface BacklogRow {
  id: string;
  items: number;
}

/** Which rows come next, beyond the id `after`: as few as hold `bytes`, at least one. */
export interface BacklogPage {
  after: string | null;
  limit: number;
  bytes: number;
}

/**
 * A NUL or half a surrogate pair stops PostgreSQL from looking into a payload; for counting, a blank does as well. The backslash of
 * an escaped one is left where it is.
 */
function itemsOf(member: string): Prisma.Sql {
  return Prisma.sql`COALESCE(json_array_length(
  regexp_replace(payload::text, '\\\\u(0000|d[89a-f][0-9a-f]{2})', '\\\\u0020', 'gi')::json -> ${member}::text), 1)`;
}

function filterCondition({ queue, orgId, accepted }: BacklogFilter): Prisma.Sql {
  return Prisma.sql`queue = ${queue} AND ${orgScope(orgId)}
  AND (${accepted.from}::timestamptz IS NULL OR accepted_at >= ${accepted.from}::timestamptz)
  AND (${accepted.before}::timestamptz IS NULL OR accepted_at < ${accepted.before}::timestamptz)`;
}

function afterCondition(after: string | null): Prisma.Sql {
  return after ? Prisma.sql`AND id > ${after}::uuid` : Prisma.empty;
}

/** What waits in the intake or in quarantine, many rows at once: beside the two repositories that speak of single ones. */
export function backlog(db: Queryable) {
  function page(rows: Prisma.Sql, itemsIn: string, bytes: number): Promise<BacklogRow[]> {
    return db.$queryRaw`
    WITH picked AS MATERIALIZED (${rows}),
      measured AS (SELECT *, sum(bytes) OVER (ORDER BY id) - bytes AS earlier FROM picked)
    SELECT id, ${itemsOf(itemsIn)} AS items FROM measured WHERE earlier < ${bytes}::int ORDER BY id`;
  }

  async function count(rows: Prisma.Sql, itemsIn: string): Promise<number> {
    const [row] = await db.$queryRaw<[{ items: number }]>`
      SELECT COALESCE(sum(${itemsOf(itemsIn)}), 0)::float8 AS items FROM (${rows}) AS row`;
    return row.items;
  }

  return {
    /** Items of both. */
    async count(filter: BacklogFilter): Promise<number> {
      const pending = Prisma.sql`SELECT payload FROM intake WHERE ${filterCondition(filter)}`;
      const quarantined = Prisma.sql`SELECT payload FROM quarantine WHERE ${filterCondition(filter)}`;
      return count(Prisma.sql`${pending} UNION ALL ${quarantined}`, filter.itemsField);
    },

    countQuarantined(filter: BacklogFilter): Promise<number> {
      return count(
        Prisma.sql`SELECT payload FROM quarantine WHERE ${filterCondition(filter)}`,
        filter.itemsField,
      );
    },

    /** Oldest first. */
    pending(filter: BacklogFilter, { after, limit, bytes }: BacklogPage): Promise<BacklogRow[]> {
      return page(
        Prisma.sql`SELECT id, payload, pg_column_size(payload) AS bytes FROM intake
          WHERE ${filterCondition(filter)} AND accepted_at <= ${filter.upTo} ${afterCondition(after)} ORDER BY id LIMIT ${limit}::int`,
        filter.itemsField,
        bytes,
      );
    },

    /** Oldest first, and locked: whoever takes one out meanwhile is waited for. */
    quarantined(filter: BacklogFilter, { after, limit, bytes }: BacklogPage): Promise<BacklogRow[]> {
      return page(
        Prisma.sql`SELECT id, payload, pg_column_size(payload) AS bytes FROM quarantine
          WHERE ${filterCondition(filter)} AND quarantined_at <= ${filter.upTo} ${afterCondition(after)} ORDER BY id LIMIT ${limit}::int FOR UPDATE`,
        filter.itemsField,
        bytes,
      );
    },

    /** Which of these are still in the intake. */
    async stillPending(ids: string[]): Promise<string[]> {
      const rows = await db.$queryRaw<
        { id: string }[]
      >`SELECT id FROM intake WHERE id = ANY(${ids}::uuid[]) ORDER BY id`;
      return rows.map(({ id }) => id);
    },

    /**
     * Sends quarantined values down the road again, under their own ids and as of when they were accepted. `grace`: seconds until
     * the sweeper may look at them.
     */
    async redrive(ids: string[], grace: number): Promise<void> {
      await db.$executeRaw`
        WITH taken AS (DELETE FROM quarantine WHERE id = ANY(${ids}::uuid[]) RETURNING *)
        INSERT INTO intake (id, queue, org_id, key, payload, request_id, accepted_at, due_at)
        SELECT id, queue, org_id, key, payload, request_id, accepted_at, now() + make_interval(secs => ${grace}::float8) FROM taken`;
    },

    async removeQuarantined(ids: string[]): Promise<void> {
      await db.$executeRaw`DELETE FROM quarantine WHERE id = ANY(${ids}::uuid[])`;
    },

    /** How long the oldest value on the road has been there, in seconds; null where the road is empty. */
    async oldestAgeSeconds(): Promise<number | null> {
      const [row] = await db.$queryRaw<[{ age: number | null }]>`
        SELECT extract(epoch FROM now() - accepted_at)::float8 AS age FROM intake ORDER BY id LIMIT 1`;
      return row?.age ?? null;
    },
  };
}
