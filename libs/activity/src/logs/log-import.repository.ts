import { Prisma, type Queryable } from '@oriontel/database';
import type { LogImport } from './log-import.ts';

export type NewImport = Pick<
  LogImport,
  'id' | 'orgId' | 'entity' | 'source' | 'deduplicate' | 'received' | 'parts'
>;

/** What became of the entries of some parts of an import. */
export interface PartCounts {
  id: string;
  parts: number;
  imported: number;
  duplicates: number;
}

/** Imports on their way that one reader looks for; what is older is stored, or in quarantine. */
const MAX_UNFINISHED = 1_000;

const COLUMNS = Prisma.sql`id, org_id AS "orgId", entity, source, deduplicate, received, imported, duplicates, parts,
  parts_stored AS "partsStored", created_at AS "createdAt"`;

/** The only file that speaks to the log_imports table. */
export function logImports(db: Queryable) {
  return {
    async create({ id, orgId, entity, source, deduplicate, received, parts }: NewImport): Promise<void> {
      await db.$executeRaw`
      INSERT INTO log_imports (id, org_id, entity, source, deduplicate, received, parts)
      VALUES (${id}, ${orgId}::int, ${entity}, ${source}, ${deduplicate}, ${received}::int, ${parts}::int)`;
    },

    /** `orgId` null: of any organization. */
    async find(orgId: number | null, id: string): Promise<LogImport | null> {
      const [row] = await db.$queryRaw<LogImport[]>`
      SELECT ${COLUMNS} FROM log_imports WHERE id = ${id} AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)`;
      return row ?? null;
    },

    /** Those of an entity that are not stored to the last part, the newest first. */
    async listUnfinished(orgId: number, entity: string): Promise<string[]> {
      const rows = await db.$queryRaw<{ id: string }[]>`
      SELECT id FROM log_imports WHERE org_id = ${orgId}::int AND entity = ${entity} AND parts_stored < parts
      ORDER BY id DESC LIMIT ${MAX_UNFINISHED}::int`;
      return rows.map(({ id }) => id);
    },

    /**
     * Counts parts that are stored: the last thing in a transaction, in a fixed order, since the other parts of an import wait for
     * its row.
     */
    async addCounts(counts: PartCounts[]): Promise<void> {
      await db.$executeRaw`
      WITH counted AS (
        SELECT * FROM json_to_recordset(${JSON.stringify(counts)}::json) AS part(id text, parts int, imported int, duplicates int)
      ), locked AS MATERIALIZED (
        SELECT id FROM log_imports WHERE id IN (SELECT id FROM counted) ORDER BY id FOR UPDATE
      )
      UPDATE log_imports log SET imported = log.imported + counted.imported, duplicates = log.duplicates + counted.duplicates,
        parts_stored = log.parts_stored + counted.parts,
        stored_at = CASE WHEN log.parts_stored + counted.parts = log.parts THEN now() END
      FROM counted JOIN locked ON locked.id = counted.id WHERE log.id = counted.id`;
    },
  };
}
