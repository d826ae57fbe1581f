import type { Page, Paged, Scope } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import type { FoundApiKey } from './api-key.ts';

export interface NewApiKeyRow {
  id: string;
  name: string;
  orgId: number;
  scopes: Scope[];
  expiresAt: Date | null;
  secretHash: Uint8Array<ArrayBuffer>;
  createdById: number | null;
}

const select = { id: true, name: true, orgId: true, scopes: true, expiresAt: true, createdAt: true } as const;
const toApiKey = <T extends { scopes: string[] }>(row: T) => ({ ...row, scopes: row.scopes as Scope[] });

/** Repository of the api_keys table. */
export function apiKeys(db: ModelQueryable) {
  return {
    async create(data: NewApiKeyRow): Promise<FoundApiKey> {
      return toApiKey(await db.apiKey.create({ data, select }));
    },

    /** Newest first. A null `orgId` lists the keys of every organization. */
    async list(orgId: number | null, { limit, offset }: Page): Promise<Paged<FoundApiKey>> {
      const where = orgId === null ? {} : { orgId };
      const [rows, total] = await Promise.all([
        db.apiKey.findMany({ where, select, orderBy: { id: 'desc' }, take: limit, skip: offset }),
        db.apiKey.count({ where }),
      ]);
      return { items: rows.map(toApiKey), total };
    },

    /** The key with its secret hash; null if it is unknown, expired or of a disabled organization. */
    async findValid(id: string, now: Date): Promise<(FoundApiKey & { secretHash: Uint8Array }) | null> {
      const row = await db.apiKey.findFirst({
        where: {
          id,
          OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
          organization: { disabledAt: null },
        },
        select: { ...select, secretHash: true },
      });
      return row && toApiKey(row);
    },

    /** Returns false if there is no such key. A null `orgId` matches every organization. */
    async delete(orgId: number | null, id: string): Promise<boolean> {
      const { count } = await db.apiKey.deleteMany({ where: orgId === null ? { id } : { id, orgId } });
      return count > 0;
    },
  };
}
