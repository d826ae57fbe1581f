import { hash } from 'node:crypto';
import { type Cursor } from '@oriontel/contracts';
import { Prisma, type Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { NewQuarantineItem } from './intake.repository.ts';

export interface QuarantineItem extends Omit<NewQuarantineItem, 'sameAs'> {
  id: string;
  quarantinedAt: Date;
}

/** One statement takes 65,535 parameters at most. */
const ROWS_AT_ONCE = 1_000;

/** The only file that speaks to the quarantine table. */
export const quarantine = (db: Queryable) => ({
  /** What is there already is not put there again. */
  insert: async (queue: string, items: NewQuarantineItem[]): Promise<void> => {
    for (let i = 0; i < items.length; i += ROWS_AT_ONCE) {
      const values = items.slice(i, i + ROWS_AT_ONCE).map((item) => valuesOf(queue, item));
      await db.$executeRaw`
        INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, fingerprint, request_id, accepted_at)
        VALUES ${Prisma.join(values)} ON CONFLICT (org_id, queue, fingerprint) DO NOTHING`;
    }
  },

  /** Newest first; `orgId` null reads every organisation's. */
  list: (
    queue: string,
    orgId: number | null,
    { key = null, before = null, limit }: { key?: string | null; before?: Cursor | null; limit: number },
  ): Promise<QuarantineItem[]> => db.$queryRaw`
    SELECT id, org_id AS "orgId", key, reason, detail, payload, request_id AS "requestId",
      accepted_at AS "acceptedAt", quarantined_at AS "quarantinedAt"
    FROM quarantine
    WHERE queue = ${queue} AND (${orgId}::int IS NULL OR org_id = ${orgId}::int)
      AND (${key}::text IS NULL OR key = ${key}) AND (${before?.id ?? null}::uuid IS NULL OR id < ${before?.id ?? null}::uuid)
    ORDER BY id DESC LIMIT ${limit}::int`,

  /** Takes an item out, to be accepted anew. */
  take: async (orgId: number, id: string): Promise<(QuarantineItem & { queue: string }) | null> => {
    const [item] = await db.$queryRaw<(QuarantineItem & { queue: string })[]>`
      DELETE FROM quarantine WHERE org_id = ${orgId}::int AND id = ${id}::uuid
      RETURNING id, queue, org_id AS "orgId", key, reason, detail, payload, request_id AS "requestId",
        accepted_at AS "acceptedAt", quarantined_at AS "quarantinedAt"`;
    return item ?? null;
  },
});

const valuesOf = (queue: string, item: NewQuarantineItem): Prisma.Sql => {
  const { orgId, key, reason, detail, payload, sameAs = payload, requestId, acceptedAt } = item;
  const fingerprint = hash('sha256', JSON.stringify(sameAs), 'base64url');
  return Prisma.sql`(${uuidv7()}::uuid, ${queue}, ${orgId}::int, ${storable(key)}, ${reason}, ${storable(detail)},
    ${JSON.stringify(payload)}::json, ${fingerprint}, ${requestId}, ${acceptedAt})`;
};

// A sentence that quotes what is bad may hold the very character that no text column takes: it must not keep the item out.
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');
