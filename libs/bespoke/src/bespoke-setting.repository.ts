import type { JsonObject } from '@oriontel/contracts';
import type { Prisma, Queryable } from '@oriontel/database';

export type BespokeKind = 'queuemon' | 'notifier';

/** Repository of the bespoke_settings table. An empty `queueId` means the whole organization. */
export function bespokeSettings(db: Queryable) {
  return {
    async find(orgId: number, kind: BespokeKind, queueId = ''): Promise<JsonObject | null> {
      const row = await db.bespokeSetting.findUnique({
        where: { orgId_kind_queueId: { orgId, kind, queueId } },
        select: { data: true },
      });
      return row && (row.data as JsonObject);
    },

    /** Settings for the whole organization, by organization; those without are omitted. */
    async findForOrganizations(orgIds: number[], kind: BespokeKind): Promise<Map<number, JsonObject>> {
      const rows = await db.bespokeSetting.findMany({
        where: { orgId: { in: orgIds }, kind, queueId: '' },
        select: { orgId: true, data: true },
      });
      return new Map(rows.map(({ orgId, data }) => [orgId, data as JsonObject]));
    },

    /** Inserts or replaces the settings. */
    async store(orgId: number, kind: BespokeKind, data: JsonObject, queueId = ''): Promise<void> {
      const json = data as Prisma.InputJsonObject;
      await db.bespokeSetting.upsert({
        where: { orgId_kind_queueId: { orgId, kind, queueId } },
        create: { orgId, kind, queueId, data: json },
        update: { data: json },
      });
    },
  };
}
