import { Prisma, type Queryable } from '@oriontel/database';
import type { LogImport } from './log-import.ts';

export type NewImport = Pick<
  LogImport,
  'id' | 'orgId' | 'entity' | 'source' | 'deduplicate' | 'received' | 'parts'
>;

/** Counts to add to an import for some of its parts. */
export interface PartCounts {
  /** Id of the import. */
  id: string;
  parts: number;
  imported: number;
  duplicates: number;
}

/** Unfinished imports that one search includes; older ones are stored or in quarantine. */
const MAX_UNFINISHED = 1_000;

const COLUMNS = Prisma.sql`
  id, org_id AS "orgId", entity, source, deduplicate, received, imported, duplicates, parts,
  parts_stored AS "partsStored", created_at AS "createdAt"`;

export function logImports(db: Queryable) {
  return {
    async create({ id, orgId, entity, source, deduplicate, received, parts }: NewImport): Promise<void> {
      await db.$executeRaw`
        INSERT INTO log_imports (id, org_id, entity, source, deduplicate, received, parts)
        VALUES (${id}, ${orgId}::int, ${entity}, ${source}, ${deduplicate}, ${received}::int, ${parts}::int)`;
    },

    /** Null if not found. `orgId` null: of any organization. */
    async find(orgId: number | null, id: string): Promise<LogImport | null> {
      const [row] = await db.$queryRaw<LogImport[]>`
        SELECT ${COLUMNS}
        FROM log_imports
        WHERE id = ${id}
          AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)`;
      return row ?? null;
    },

    /** Ids of the entity's imports that have parts not stored yet, newest first; at most MAX_UNFINISHED. */
    async listUnfinished(orgId: number, entity: string): Promise<string[]> {
      const rows = await db.$queryRaw<{ id: string }[]>`
        SELECT id
        FROM log_imports
        WHERE org_id = ${orgId}::int
          AND entity = ${entity}
          AND parts_stored < parts
        ORDER BY id DESC
        LIMIT ${MAX_UNFINISHED}::int`;
      return rows.map(({ id }) => id);
    },

    /**
     * Adds the counts of stored parts. Call it last in a transaction, because it locks the import's row for
     * workers that store other parts. Rows are locked in id order, so that transactions cannot deadlock.
     */
    async addCounts(counts: PartCounts[]): Promise<void> {
      await db.$executeRaw`
        WITH counted AS (
          SELECT *
          FROM json_to_recordset(${JSON.stringify(counts)}::json)
            AS part(id text, parts int, imported int, duplicates int)
        ), locked AS MATERIALIZED (
          SELECT id
          FROM log_imports
          WHERE id IN (SELECT id FROM counted)
          ORDER BY id
          FOR UPDATE
        )
        UPDATE log_imports log
        SET imported = log.imported + counted.imported,
          duplicates = log.duplicates + counted.duplicates,
          parts_stored = log.parts_stored + counted.parts,
          stored_at = CASE WHEN log.parts_stored + counted.parts = log.parts THEN now() END
        FROM counted
        JOIN locked ON locked.id = counted.id
        WHERE log.id = counted.id`;
    },
  };
}
