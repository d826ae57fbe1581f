import type { Page, Paged } from '@oriontel/contracts';
import { Prisma, queryPage, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import type { LogLevel, LogLine } from './log-entry.ts';
import { logsIntake, type ImportedEntry } from './logs-intake.ts';

export type NewLine = ImportedEntry & { orgId: number; entity: string };

export interface LogFilter {
  type?: string | undefined;
  level?: LogLevel | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

const COLUMNS = Prisma.sql`id, logged_at AS "at", type, level, message, details`;

export function entityLogs(db: Queryable) {
  return {
    /**
     * Inserts lines that are not stored yet and returns their ids. The caller sorts the lines by key, so that
     * concurrent batches cannot deadlock.
     */
    async insert(lines: NewLine[]): Promise<Set<string>> {
      const [row] = await db.$queryRaw<[{ ids: string[] | null }]>`
        WITH stored AS (
          INSERT INTO entity_logs (org_id, entity, logged_at, id, type, level, message, details)
          SELECT "orgId", entity, at, id, type, level, message, details
          FROM json_to_recordset(${JSON.stringify(lines)}::json)
            AS line(
              "orgId" int, entity text, at timestamptz, id uuid,
              type text, level text, message text, details json
            )
          ON CONFLICT DO NOTHING
          RETURNING id
        )
        SELECT json_agg(id) AS ids
        FROM stored`;
      return new Set(row.ids);
    },

    /** Finds stored lines, oldest first. */
    async search(orgId: number, entity: string, filter: LogFilter, page: Page): Promise<Paged<LogLine>> {
      const where = Prisma.sql`${entityScope(orgId, entity)} AND ${conditions(filter)}`;
      const [items, [counted]] = await Promise.all([
        queryPage<LogLine>(
          db,
          Prisma.sql`
            SELECT ${COLUMNS}
            FROM entity_logs
            WHERE ${where}
            ${pageClause(page)}`,
          { limit: page.limit, largeColumn: 'details' },
        ),
        db.$queryRaw<[{ total: number }]>`
          SELECT count(*)::int AS total
          FROM entity_logs
          WHERE ${where}`,
      ]);
      return { items, total: counted.total };
    },

    /** Finds stored lines and the pending lines of these imports, as they will be stored. Oldest first. */
    async searchWithPending(
      importIds: string[],
      orgId: number,
      entity: string,
      filter: LogFilter,
      page: Page,
    ): Promise<Paged<LogLine>> {
      const all = Prisma.sql`
        SELECT *
        FROM entity_logs
        WHERE ${entityScope(orgId, entity)}
        UNION ALL
        ${pendingLines(importIds, orgId, entity)}`;
      const [items, [counted]] = await Promise.all([
        queryPage<LogLine>(
          db,
          Prisma.sql`
            SELECT ${COLUMNS}
            FROM (${all}) AS line
            WHERE ${conditions(filter)}
            ${pageClause(page)}`,
          { limit: page.limit, largeColumn: 'details' },
        ),
        db.$queryRaw<[{ total: number }]>`
          SELECT count(*)::int AS total
          FROM (${all}) AS line
          WHERE ${conditions(filter)}`,
      ]);
      return { items, total: counted.total };
    },
  };
}

function entityScope(orgId: number, entity: string): Prisma.Sql {
  return Prisma.sql`org_id = ${orgId}::int AND entity = ${entity}`;
}

function pageClause({ limit, offset }: Page): Prisma.Sql {
  return Prisma.sql`
    ORDER BY logged_at, id
    LIMIT ${limit}::int
    OFFSET ${offset}::int`;
}

function conditions({ type, level, from, to }: LogFilter): Prisma.Sql {
  const all = [Prisma.sql`TRUE`];
  if (type !== undefined) all.push(Prisma.sql`type = ${type}`);
  if (level !== undefined) all.push(Prisma.sql`level = ${level}`);
  if (from) all.push(Prisma.sql`logged_at >= ${from}`);
  if (to) all.push(Prisma.sql`logged_at <= ${to}`);
  return Prisma.join(all, ' AND ');
}

/**
 * The lines that storeLogs will add when it stores the pending parts of these imports in order of acceptance.
 * Computed in the database, because pending imports may be larger than the memory of a gateway.
 */
function pendingLines(importIds: string[], orgId: number, entity: string): Prisma.Sql {
  return Prisma.sql`
    SELECT ${orgId}::int, ${entity}, at,
      CASE
        WHEN occurrence = 1 AND NOT is_stored THEN id
        ELSE left(encode(sha256(convert_to(repeat_key, 'UTF8')), 'hex'), 32)::uuid
      END,
      type, level, message, details
    FROM (
      SELECT entry.*, part.deduplicate,
        part.import || '/' || (part.first + entry.number - 1) AS repeat_key,
        row_number() OVER (PARTITION BY entry.id ORDER BY part.id, entry.number) AS occurrence,
        EXISTS (
          SELECT 1
          FROM entity_logs stored
          WHERE stored.org_id = ${orgId}::int
            AND stored.entity = ${entity}
            AND stored.logged_at = entry.at
            AND stored.id = entry.id
        ) AS is_stored
      FROM (
        SELECT id, payload->'entries' AS entries, payload->>'importId' AS import,
          (payload->>'first')::int AS first, (payload->>'deduplicate')::bool AS deduplicate
        FROM (${pendingPayloads(logsIntake.queue.name, orgId, importIds)}) AS pending
        -- OFFSET 0 prevents inlining, which would parse the payload again for each of its entries.
        OFFSET 0
      ) AS part,
        ROWS FROM (
          json_to_recordset(part.entries)
            AS (id uuid, at timestamptz, type text, level text, message text, details json)
        ) WITH ORDINALITY AS entry(id, at, type, level, message, details, number)
    ) AS entry
    WHERE NOT deduplicate
      OR (occurrence = 1 AND NOT is_stored)`;
}
