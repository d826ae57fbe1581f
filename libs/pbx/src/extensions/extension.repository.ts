import type { JsonObject, Page } from '@oriontel/contracts';
import { anyContains, orgScope, Prisma, type Queryable } from '@oriontel/database';
import { z } from 'zod';
import type { ExtensionType, FoundExtension } from './extension.ts';

export type NewExtensionRow = Omit<FoundExtension, 'createdAt' | 'updatedAt'>;

/** What a search may ask for. */
export interface ExtensionFilter {
  type?: ExtensionType | undefined;
  /** Part of the number or the name. */
  text?: string | undefined;
}

/** What a change may set; the rest stays. */
export interface ExtensionChange {
  name?: string | undefined;
  extensionType?: ExtensionType | undefined;
  configData?: JsonObject | undefined;
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", extension_number AS "extensionNumber", name,
  extension_type AS "extensionType", config_data AS "configData", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** The only file that speaks to the extensions table. */
export function extensions(db: Queryable) {
  return {
    async create(row: NewExtensionRow): Promise<FoundExtension> {
      const [made] = await db.$queryRaw<[FoundExtension]>`
      INSERT INTO extensions (id, org_id, extension_number, name, extension_type, config_data)
      VALUES (${row.id}::uuid, ${row.orgId}::int, ${row.extensionNumber}, ${row.name}, ${row.extensionType},
        ${JSON.stringify(row.configData)}::jsonb)
      RETURNING ${COLUMNS}`;
      return made;
    },

    /** Which organizations have an extension of this id, or of this number. */
    async findOrganizationIds(idOrNumber: string): Promise<number[]> {
      const isId = z.guid().safeParse(idOrNumber).success;
      const where = isId ? { id: idOrNumber } : { extensionNumber: idOrNumber };
      return (await db.extension.findMany({ where, select: { orgId: true } })).map(({ orgId }) => orgId);
    },

    async find(orgId: number | null, id: string): Promise<FoundExtension | null> {
      const [row] = await db.$queryRaw<FoundExtension[]>`
      SELECT ${COLUMNS} FROM extensions WHERE id = ${id}::uuid AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** By organization and number. */
    search(orgId: number | null, filter: ExtensionFilter, page: Page): Promise<FoundExtension[]> {
      return db.$queryRaw`
      SELECT ${COLUMNS} FROM extensions WHERE ${where(orgId, filter)}
      ORDER BY org_id, extension_number, id LIMIT ${page.limit}::int OFFSET ${page.offset}::int`;
    },

    async count(orgId: number | null, filter: ExtensionFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM extensions WHERE ${where(orgId, filter)}`;
      return row.count;
    },

    /** Null where there is none. */
    async update(
      orgId: number | null,
      id: string,
      { name, extensionType, configData }: ExtensionChange,
    ): Promise<FoundExtension | null> {
      const config = configData && JSON.stringify(configData);
      const [row] = await db.$queryRaw<FoundExtension[]>`
      UPDATE extensions SET name = coalesce(${name ?? null}::text, name),
        extension_type = coalesce(${extensionType ?? null}::text, extension_type),
        config_data = coalesce(${config ?? null}::jsonb, config_data), updated_at = clock_timestamp()
      WHERE id = ${id}::uuid AND ${orgScope(orgId)} RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /** Returns whether there was one. */
    async delete(orgId: number | null, id: string): Promise<boolean> {
      return (await db.$executeRaw`DELETE FROM extensions WHERE id = ${id}::uuid AND ${orgScope(orgId)}`) > 0;
    },
  };
}

function where(orgId: number | null, { type, text }: ExtensionFilter): Prisma.Sql {
  const conditions = [orgScope(orgId)];
  if (type !== undefined) conditions.push(Prisma.sql`extension_type = ${type}`);
  if (text !== undefined)
    conditions.push(anyContains([Prisma.sql`extension_number`, Prisma.sql`name`], text));
  return Prisma.join(conditions, ' AND ');
}
