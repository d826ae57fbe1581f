import type { JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';

/** Notifier settings of whole organizations, in plain SQL: drains read them. */
export function notifierSettings(db: Queryable) {
  return {
    /** Organizations without settings are omitted. */
    findForOrganizations(orgIds: number[]): Promise<{ orgId: number; data: JsonObject }[]> {
      return db.$queryRaw`
        SELECT org_id AS "orgId", data
        FROM bespoke_settings
        WHERE org_id = ANY(${orgIds}::int[])
          AND kind = 'notifier'
          AND queue_id = ''`;
    },
  };
}
