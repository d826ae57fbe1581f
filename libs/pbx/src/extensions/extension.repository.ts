import type { JsonObject, Page } from '@oriontel/contracts';
import { anyContains, orgScope, Prisma, queryPage, type ModelQueryable } from '@oriontel/database';
import { z } from 'zod';
import type { ExtensionType, FoundExtension } from './extension.ts';

export type NewExtensionRow = Omit<FoundExtension, 'createdAt' | 'updatedAt'>;

export interface ExtensionFilter {
  type?: ExtensionType | undefined;
  /** Substring of the number or the name, case-insensitive. */
  text?: string | undefined;
}

export interface ExtensionChange {
  name?: string | undefined;
  extensionType?: ExtensionType | undefined;
  configData?: JsonObject | undefined;
}

const COLUMNS = Prisma.sql`
  id, org_id AS "orgId", extension_number AS "extensionNumber", name, extension_type AS "extensionType",
  config_data AS "configData", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Repository of the extensions table. A null `orgId` matches every organization. */
export function extensions(db: ModelQueryable) {
  return {
    async create(row: NewExtensionRow): Promise<FoundExtension> {
      const [created] = await db.$queryRaw<[FoundExtension]>`
        INSERT INTO extensions (id, org_id, extension_number, name, extension_type, config_data)
        VALUES (
          ${row.id}::uuid, ${row.orgId}::int, ${row.extensionNumber}, ${row.name}, ${row.extensionType},
          ${JSON.stringify(row.configData)}::jsonb)
        RETURNING ${COLUMNS}`;
      return created;
    },

    /** Organizations that have an extension with this id or number. */
    async findOrganizationIds(idOrNumber: string): Promise<number[]> {
      const isId = z.guid().safeParse(idOrNumber).success;
      const where = isId ? { id: idOrNumber } : { extensionNumber: idOrNumber };
      return (await db.extension.findMany({ where, select: { orgId: true } })).map(({ orgId }) => orgId);
    },

    async find(orgId: number | null, id: string): Promise<FoundExtension | null> {
      const [row] = await db.$queryRaw<FoundExtension[]>`
        SELECT ${COLUMNS}
        FROM extensions
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** Ordered by organization and number. */
    search(
      orgId: number | null,
      filter: ExtensionFilter,
      { limit, offset }: Page,
    ): Promise<FoundExtension[]> {
      const page = Prisma.sql`
        SELECT ${COLUMNS}
        FROM extensions
        WHERE ${matchConditions(orgId, filter)}
        ORDER BY org_id, extension_number, id
        LIMIT ${limit}::int
        OFFSET ${offset}::int`;
      return queryPage(db, page, { limit, largeColumn: 'configData' });
    },

    async count(orgId: number | null, filter: ExtensionFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM extensions
        WHERE ${matchConditions(orgId, filter)}`;
      return row.count;
    },

    /** Partial update: omitted fields keep their value. Returns null if not found. */
    async update(
      orgId: number | null,
      id: string,
      { name, extensionType, configData }: ExtensionChange,
    ): Promise<FoundExtension | null> {
      const config = configData && JSON.stringify(configData);
      const [row] = await db.$queryRaw<FoundExtension[]>`
        UPDATE extensions
        SET
          name = coalesce(${name ?? null}::text, name),
          extension_type = coalesce(${extensionType ?? null}::text, extension_type),
          config_data = coalesce(${config ?? null}::jsonb, config_data),
          updated_at = clock_timestamp()
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}
        RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /** Returns false if not found. */
    async delete(orgId: number | null, id: string): Promise<boolean> {
      const deleted = await db.$executeRaw`
        DELETE FROM extensions
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}`;
      return deleted > 0;
    },
  };
}

function matchConditions(orgId: number | null, { type, text }: ExtensionFilter): Prisma.Sql {
  const conditions = [orgScope(orgId)];
  if (type !== undefined) conditions.push(Prisma.sql`extension_type = ${type}`);
  if (text !== undefined)
    conditions.push(anyContains([Prisma.sql`extension_number`, Prisma.sql`name`], text));
  return Prisma.join(conditions, ' AND ');
}
