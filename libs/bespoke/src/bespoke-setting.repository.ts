import type { JsonObject } from '@oriontel/contracts';
import type { Prisma, ModelQueryable } from '@oriontel/database';

export type BespokeKind = 'queuemon' | 'notifier';

/** Repository of the bespoke_settings table. An empty `queueId` means the whole organization. */
export function bespokeSettings(db: ModelQueryable) {
  return {
    async find(orgId: number, kind: BespokeKind, queueId = ''): Promise<JsonObject | null> {
      const row = await db.bespokeSetting.findUnique({
        where: { orgId_kind_queueId: { orgId, kind, queueId } },
        select: { data: true },
      });
      return row && (row.data as JsonObject);
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
