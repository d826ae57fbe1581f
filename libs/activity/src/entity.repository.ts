import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';

export type OwnedEntity = EntityRef & { orgId: number; name?: string };

/** The only file that speaks to the entities table. */
export const entities = (db: Queryable) => ({
  /**
   * Adds what is not known yet, in a fixed order so that two batches cannot deadlock. Known ones keep their name.
   * Returns how many were added.
   */
  register: async (found: OwnedEntity[]): Promise<number> =>
    found.length &&
    db.$executeRaw`
      INSERT INTO entities (org_id, type, id, name)
      SELECT "orgId", type, id, name
      FROM json_to_recordset(${JSON.stringify(found)}::json) AS entity("orgId" int, type text, id text, name text)
      ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`,
});
