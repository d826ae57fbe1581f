import { hash } from 'node:crypto';
import { type Cursor } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { NewQuarantineItem } from './intake.repository.ts';

/** An item without its payload. */
export interface QuarantineEntry extends Omit<
  NewQuarantineItem,
  'sameAs' | 'payload' | 'items' | 'reference'
> {
  id: string;
  /** The `source` of the payload, if it has one. */
  source: string | null;
  /** Records in the payload. */
  items: number;
  reference: string | null;
  /** Size of the payload. */
  bytes: number;
  quarantinedAt: Date;
}

export interface QuarantineItem extends QuarantineEntry {
  payload: unknown;
}

/** Null and absent members do not filter. */
export interface QuarantineFilter {
  key?: string | null | undefined;
  reason?: string | null | undefined;
  source?: string | null | undefined;
  /** Range of `quarantinedAt`, both ends inclusive. */
  from?: Date | null | undefined;
  to?: Date | null | undefined;
}

/** Keeps a statement below PostgreSQL's limit of 65,535 parameters. */
const MAX_ROWS_PER_INSERT = 1_000;

/** `source` is null in rows of earlier versions. */
const ENTRY_COLUMNS = Prisma.sql`id, org_id AS "orgId", key, reason, detail, source, items, reference, bytes,
  request_id AS "requestId", accepted_at AS "acceptedAt", quarantined_at AS "quarantinedAt"`;
const COLUMNS = Prisma.sql`${ENTRY_COLUMNS}, payload`;

export function quarantine(db: Queryable) {
  return {
    /** Inserts items; an item with the same identity (`sameAs`) is inserted once. */
    async insert(queue: string, items: NewQuarantineItem[]): Promise<void> {
      for (let i = 0; i < items.length; i += MAX_ROWS_PER_INSERT) {
        const values = items.slice(i, i + MAX_ROWS_PER_INSERT).map((item) => insertValues(queue, item));
        await db.$executeRaw`
          INSERT INTO quarantine (
            id, queue, org_id, key, reason, detail, source, payload, bytes, items, reference, fingerprint,
            request_id, accepted_at
          )
          VALUES ${Prisma.join(values)}
          ON CONFLICT (org_id, queue, fingerprint) DO NOTHING`;
      }
    },

    /** Lists items without their payloads, newest first; `orgId` null reads every organization. */
    list(
      queue: string,
      orgId: number | null,
      { before = null, limit, ...filter }: QuarantineFilter & { before?: Cursor | null; limit: number },
    ): Promise<QuarantineEntry[]> {
      const where = [Prisma.sql`queue = ${queue}`, orgScope(orgId), ...filterConditions(filter)];
      if (before) where.push(Prisma.sql`id < ${before.id}::uuid`);
      return db.$queryRaw`
        SELECT ${ENTRY_COLUMNS}
        FROM quarantine
        WHERE ${Prisma.join(where, ' AND ')}
        ORDER BY id DESC
        LIMIT ${limit}::int`;
    },

    /**
     * Returns null if not found; `orgId` null searches every organization. A payload of more than `maxBytes`
     * is null, and is not read.
     */
    async find(
      queue: string,
      orgId: number | null,
      id: string,
      { maxBytes }: { maxBytes: number },
    ): Promise<QuarantineItem | null> {
      const [item] = await db.$queryRaw<QuarantineItem[]>`
        SELECT ${ENTRY_COLUMNS}, CASE WHEN bytes <= ${maxBytes}::int THEN payload END AS payload
        FROM quarantine
        WHERE id = ${id}::uuid
          AND queue = ${queue}
          AND ${orgScope(orgId)}`;
      return item ?? null;
    },

    /** The payload as JSON text; null if not found. `orgId` null searches every organization. */
    async findContent(queue: string, orgId: number | null, id: string): Promise<string | null> {
      const [item] = await db.$queryRaw<{ text: string }[]>`
        SELECT payload::text AS text
        FROM quarantine
        WHERE id = ${id}::uuid
          AND queue = ${queue}
          AND ${orgScope(orgId)}`;
      return item?.text ?? null;
    },

    /** Deletes an item permanently. Returns false if not found. */
    async remove(queue: string, orgId: number | null, id: string): Promise<boolean> {
      const deleted = await db.$executeRaw`
        DELETE FROM quarantine
        WHERE id = ${id}::uuid
          AND queue = ${queue}
          AND ${orgScope(orgId)}`;
      return deleted > 0;
    },

    /** Deletes and returns an item so that it can be accepted again. Returns null if not found. */
    async release(orgId: number, id: string): Promise<(QuarantineItem & { queue: string }) | null> {
      const [item] = await db.$queryRaw<(QuarantineItem & { queue: string })[]>`
        DELETE FROM quarantine
        WHERE org_id = ${orgId}::int
          AND id = ${id}::uuid
        RETURNING queue, ${COLUMNS}`;
      return item ?? null;
    },
  };
}

function insertValues(queue: string, item: NewQuarantineItem): Prisma.Sql {
  const { orgId, key, reason, detail, payload, sameAs = payload, requestId, acceptedAt } = item;
  const { items = 1, reference = null } = item;
  const text = JSON.stringify(payload);
  const fingerprint = hash('sha256', JSON.stringify(sameAs), 'base64url');
  return Prisma.sql`(
    ${uuidv7()}::uuid, ${queue}, ${orgId}::int, ${replaceNul(key)}, ${reason}, ${replaceNul(detail)},
    ${sourceOf(payload)}, ${text}::json, ${Buffer.byteLength(text)}::int, ${items}::int, ${reference},
    ${fingerprint}, ${requestId}, ${acceptedAt}
  )`;
}

function filterConditions({ key, reason, source, from, to }: QuarantineFilter): Prisma.Sql[] {
  return [
    typeof key === 'string' && Prisma.sql`key = ${key}`,
    typeof reason === 'string' && Prisma.sql`reason = ${reason}`,
    typeof source === 'string' && Prisma.sql`source = ${source}`,
    from && Prisma.sql`quarantined_at >= ${from}`,
    to && Prisma.sql`quarantined_at <= ${to}`,
  ].filter((condition): condition is Prisma.Sql => !!condition);
}

/** Extracted at insert: PostgreSQL cannot read members of a stored payload that contains a NUL. */
function sourceOf(payload: unknown): string | null {
  const { source } = (payload ?? {}) as { source?: unknown };
  return typeof source === 'string' ? replaceNul(source) : null;
}

/** PostgreSQL text columns reject NUL, which `key` and `detail` may quote from bad input. */
function replaceNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
