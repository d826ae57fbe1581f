import type { Page, Paged } from '@oriontel/contracts';
import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { LogLevel, LogLine } from './log-entry.ts';
import { logsIntake, type ImportedEntry } from './logs-intake.ts';

/** A line on its way into the table. */
export type NewLine = ImportedEntry & { orgId: number; entity: string };

/** What a search may ask for. */
export interface LogFilter {
  type?: string | undefined;
  level?: LogLevel | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

const COLUMNS = Prisma.sql`id, logged_at AS "at", type, level, message, details`;

/** The only file that speaks to the entity_logs table. */
export function entityLogs(db: Queryable) {
  return {
    /** Stores the lines that are not there yet; returns the ids of those. They come in order of their key, so that two batches cannot deadlock. */
    async insert(lines: NewLine[]): Promise<Set<string>> {
      const [row] = await db.$queryRaw<[{ ids: string[] | null }]>`
      WITH stored AS (
        INSERT INTO entity_logs (org_id, entity, logged_at, id, type, level, message, details)
        SELECT "orgId", entity, at, id, type, level, message, details
        FROM json_to_recordset(${JSON.stringify(lines)}::json) AS line("orgId" int, entity text, at timestamptz, id uuid,
          type text, level text, message text, details json)
        ON CONFLICT DO NOTHING RETURNING id)
      SELECT json_agg(id) AS ids FROM stored`;
      return new Set(row.ids);
    },

    /** The oldest first. */
    async search(orgId: number, entity: string, filter: LogFilter, page: Page): Promise<Paged<LogLine>> {
      const where = Prisma.sql`${entityScope(orgId, entity)} AND ${conditions(filter)}`;
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<LogLine[]>`
        SELECT ${COLUMNS} FROM entity_logs WHERE ${where} ${pageClause(page)}`,
        db.$queryRaw<[{ total: number }]>`SELECT count(*)::int AS total FROM entity_logs WHERE ${where}`,
      ]);
      return { items, total: counted.total };
    },

    /** The same, with what is accepted in these imports and not stored yet, as it will be stored. */
    async searchWithPending(
      imports: string[],
      orgId: number,
      entity: string,
      filter: LogFilter,
      page: Page,
    ): Promise<Paged<LogLine>> {
      const all = Prisma.sql`SELECT * FROM entity_logs WHERE ${entityScope(orgId, entity)} UNION ALL ${pendingLines(imports, orgId, entity)}`;
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<LogLine[]>`
        SELECT ${COLUMNS} FROM (${all}) AS line WHERE ${conditions(filter)} ${pageClause(page)}`,
        db.$queryRaw<[{ total: number }]>`
        SELECT count(*)::int AS total FROM (${all}) AS line WHERE ${conditions(filter)}`,
      ]);
      return { items, total: counted.total };
    },
  };
}

function entityScope(orgId: number, entity: string): Prisma.Sql {
  return Prisma.sql`org_id = ${orgId}::int AND entity = ${entity}`;
}

function pageClause({ limit, offset }: Page): Prisma.Sql {
  return Prisma.sql`ORDER BY logged_at, id LIMIT ${limit}::int OFFSET ${offset}::int`;
}

function conditions({ type, level, from, to }: LogFilter): Prisma.Sql {
  const all = [
    type !== undefined && Prisma.sql`type = ${type}`,
    level !== undefined && Prisma.sql`level = ${level}`,
    from && Prisma.sql`logged_at >= ${from}`,
    to && Prisma.sql`logged_at <= ${to}`,
  ].filter((condition): condition is Prisma.Sql => !!condition);
  return all.length ? Prisma.join(all, ' AND ') : Prisma.sql`TRUE`;
}

/**
 * What parts in the intake will add, as storeLogs adds it in the order in which they were accepted. In the database, since they may
 * be more than a gateway could hold.
 */
function pendingLines(imports: string[], orgId: number, entity: string): Prisma.Sql {
  return Prisma.sql`
  SELECT ${orgId}::int, ${entity},
    at, CASE WHEN nth = 1 AND NOT known THEN id ELSE left(encode(sha256(convert_to(place, 'UTF8')), 'hex'), 32)::uuid END,
    type, level, message, details
  FROM (
    SELECT entry.*, part.deduplicate, part.import || '/' || (part.first + entry.number - 1) AS place,
      row_number() OVER (PARTITION BY entry.id ORDER BY part.id, entry.number) AS nth,
      EXISTS (SELECT 1 FROM entity_logs stored WHERE stored.org_id = ${orgId}::int AND stored.entity = ${entity}
        AND stored.logged_at = entry.at AND stored.id = entry.id) AS known
    FROM (
      SELECT id, payload->'entries' AS entries, payload->>'importId' AS import, (payload->>'first')::int AS first,
        (payload->>'deduplicate')::bool AS deduplicate
      FROM (${pendingPayloads(logsIntake.queue.name, orgId, imports)}) AS road
      -- Or the whole payload would be read again for each of its entries.
      OFFSET 0
    ) AS part, ROWS FROM (json_to_recordset(part.entries)
        AS (id uuid, at timestamptz, type text, level text, message text, details json))
      WITH ORDINALITY AS entry(id, at, type, level, message, details, number)
  ) AS entry
  WHERE NOT deduplicate OR (nth = 1 AND NOT known)`;
}
