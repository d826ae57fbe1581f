import type { EntityRef } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { NameSources } from '@oriontel/eventlog';

/** Names for the audit log, of what belongs to the organisation; a user without a name is called by its username. */
export const auditNames = (db: Database): NameSources => ({
  usersOf: (orgId, ids) => db.$queryRaw`
    SELECT id, COALESCE(name, username) AS name, email FROM users WHERE id = ANY(${ids}::int[]) AND org_id = ${orgId}::int`,

  entitiesOf: (orgId: number, refs: EntityRef[]) => db.$queryRaw`
    SELECT type, id, name FROM entities
    WHERE org_id = ${orgId}::int AND name IS NOT NULL AND (type, id) IN (
      SELECT type, id FROM json_to_recordset(${JSON.stringify(refs)}::json) AS ref(type text, id text))`,
});
