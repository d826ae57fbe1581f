import type { Page, Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { FoundOrganization } from './organization.ts';

const select = {
  id: true,
  name: true,
  region: true,
  retentionDays: true,
  disabledAt: true,
  createdAt: true,
} as const;

/** The only file that speaks to the organizations table. */
export function organizations(db: Queryable) {
  return {
    create(data: {
      name: string;
      region?: string | null;
      retentionDays?: number | null;
    }): Promise<FoundOrganization> {
      return db.organization.create({ data, select });
    },

    async exists(id: number): Promise<boolean> {
      return (await db.organization.findUnique({ where: { id }, select: { id: true } })) !== null;
    },

    find(id: number): Promise<FoundOrganization | null> {
      return db.organization.findUnique({ where: { id }, select });
    },

    /** By id; `id` null lists all. */
    async list(id: number | null, { limit, offset }: Page): Promise<Paged<FoundOrganization>> {
      const where = id === null ? {} : { id };
      const [items, total] = await Promise.all([
        db.organization.findMany({ where, select, orderBy: { id: 'asc' }, take: limit, skip: offset }),
        db.organization.count({ where }),
      ]);
      return { items, total };
    },

    /** Null where there is none. */
    async update(
      id: number,
      data: {
        name?: string;
        region?: string | null;
        retentionDays?: number | null;
        disabledAt?: Date | null;
      },
    ): Promise<FoundOrganization | null> {
      return (await db.organization.updateManyAndReturn({ where: { id }, data, select }))[0] ?? null;
    },

    /** Of every organization, how many days it keeps its CDRs; null where it does not say. */
    listRetentionDays(): Promise<{ id: number; retentionDays: number | null }[]> {
      return db.organization.findMany({ select: { id: true, retentionDays: true }, orderBy: { id: 'asc' } });
    },

    /** ISO 3166 alpha-2, or null where the organization has none of its own. */
    async findRegions(ids: number[]): Promise<Map<number, string | null>> {
      const rows = await db.organization.findMany({
        where: { id: { in: ids } },
        select: { id: true, region: true },
      });
      return new Map(rows.map(({ id, region }) => [id, region]));
    },
  };
}
