import type { EntityRef, Page, Paged } from '@oriontel/contracts';
import { Prisma, type Queryable } from '@oriontel/database';
import type { FoundEntity } from './entity.ts';

export type OwnedEntity = EntityRef & { orgId: number; name?: string };

export interface EntityFilter {
  type?: string | undefined;
  /** Part of the id or the name, ignoring case. */
  text?: string | undefined;
}

const COLUMNS = Prisma.sql`org_id AS "orgId", type, id, name, created_at AS "createdAt"`;

export function entities(db: Queryable) {
  return {
    /**
     * Inserts entities that are not registered; existing ones keep their name. Rows are inserted in key
     * order, so that concurrent batches cannot deadlock. Returns how many were inserted.
     */
    async register(found: OwnedEntity[]): Promise<number> {
      if (!found.length) return 0;
      return db.$executeRaw`
        INSERT INTO entities (org_id, type, id, name)
        SELECT "orgId", type, id, name
        FROM json_to_recordset(${JSON.stringify(found)}::json)
          AS entity("orgId" int, type text, id text, name text)
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING`;
    },

    /** Inserts the entity, or renames it if it exists. */
    async setName(orgId: number, { type, id }: EntityRef, name: string): Promise<FoundEntity> {
      const [named] = await db.$queryRaw<[FoundEntity]>`
        INSERT INTO entities (org_id, type, id, name)
        VALUES (${orgId}::int, ${type}, ${id}, ${name})
        ON CONFLICT (org_id, type, id) DO UPDATE SET name = EXCLUDED.name
        RETURNING ${COLUMNS}`;
      return named;
    },

    async exists(orgId: number, { type, id }: EntityRef): Promise<boolean> {
      const [row] = await db.$queryRaw<[{ found: boolean }]>`
        SELECT EXISTS (
          SELECT 1
          FROM entities
          WHERE org_id = ${orgId}::int
            AND type = ${type}
            AND id = ${id}
        ) AS found`;
      return row.found;
    },

    /** Organizations that have this entity; at most two, which is enough to detect ambiguity. */
    async listOrganizations({ type, id }: EntityRef): Promise<number[]> {
      const rows = await db.$queryRaw<{ orgId: number }[]>`
        SELECT org_id AS "orgId"
        FROM entities
        WHERE type = ${type}
          AND id = ${id}
        ORDER BY org_id
        LIMIT 2`;
      return rows.map(({ orgId }) => orgId);
    },

    /** The entities of `refs` that have a name. */
    findNames(orgId: number, refs: EntityRef[]): Promise<(EntityRef & { name: string })[]> {
      return db.$queryRaw`
        SELECT type, id, name
        FROM entities
        WHERE org_id = ${orgId}::int
          AND name IS NOT NULL
          AND (type, id) IN (
            SELECT type, id
            FROM json_to_recordset(${JSON.stringify(refs)}::json) AS ref(type text, id text)
          )`;
    },

    /** Ordered by organization, type and id. `orgId` null: entities of all organizations. */
    async list(orgId: number | null, filter: EntityFilter, page: Page): Promise<Paged<FoundEntity>> {
      const where = conditions(orgId, filter);
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<FoundEntity[]>`
          SELECT ${COLUMNS}
          FROM entities
          WHERE ${where}
          ORDER BY org_id, type, id
          LIMIT ${page.limit}::int
          OFFSET ${page.offset}::int`,
        db.$queryRaw<[{ total: number }]>`
          SELECT count(*)::int AS total
          FROM entities
          WHERE ${where}`,
      ]);
      return { items, total: counted.total };
    },
  };
}

function conditions(orgId: number | null, { type, text }: EntityFilter): Prisma.Sql {
  const all = [orgId === null ? Prisma.sql`TRUE` : Prisma.sql`org_id = ${orgId}::int`];
  if (type !== undefined) all.push(Prisma.sql`type = ${type}`);
  // strpos, because LIKE would treat `%`, `_` and `\` as wildcards.
  if (text !== undefined)
    all.push(Prisma.sql`(
      strpos(lower(id), lower(${text}::text)) > 0
      OR strpos(lower(name), lower(${text}::text)) > 0
    )`);
  return Prisma.join(all, ' AND ');
}
