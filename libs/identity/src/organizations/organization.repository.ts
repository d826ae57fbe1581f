import type { Page, Paged } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import type { FoundOrganization } from './organization.ts';

const select = {
  id: true,
  name: true,
  region: true,
  retentionDays: true,
  disabledAt: true,
  createdAt: true,
} as const;

/** Repository of the organizations table. */
export function organizations(db: ModelQueryable) {
  return {
    create(data: {
      name: string;
      region?: string | null;
      retentionDays?: number | null;
    }): Promise<FoundOrganization> {
      return db.organization.create({ data, select });
    },

    /**
     * Inserts an organization with a chosen id unless it exists. Generated ids continue after the largest
     * one.
     */
    async insertWithId({ id, name, region }: { id: number; name: string; region: string }): Promise<void> {
      await db.$executeRaw`
        INSERT INTO organizations (id, name, region)
        VALUES (${id}::int, ${name}, ${region})
        ON CONFLICT DO NOTHING`;
      await db.$executeRaw`
        SELECT setval(
          pg_get_serial_sequence('organizations', 'id'),
          greatest((SELECT max(id) FROM organizations), 1))`;
    },

    async exists(id: number): Promise<boolean> {
      return (await db.organization.findUnique({ where: { id }, select: { id: true } })) !== null;
    },

    find(id: number): Promise<FoundOrganization | null> {
      return db.organization.findUnique({ where: { id }, select });
    },

    /** Ordered by id. A null `id` lists every organization. */
    async list(id: number | null, { limit, offset }: Page): Promise<Paged<FoundOrganization>> {
      const where = id === null ? {} : { id };
      const [items, total] = await Promise.all([
        db.organization.findMany({ where, select, orderBy: { id: 'asc' }, take: limit, skip: offset }),
        db.organization.count({ where }),
      ]);
      return { items, total };
    },

    /** Partial update: omitted fields keep their value. Returns null if not found. */
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

    /** CDR retention of every organization, in days; null if it has no setting of its own. */
    listRetentionDays(): Promise<{ id: number; retentionDays: number | null }[]> {
      return db.organization.findMany({ select: { id: true, retentionDays: true }, orderBy: { id: 'asc' } });
    },

    /** ISO 3166-1 alpha-2 by organization; null if it has no setting of its own. */
    async findRegions(ids: number[]): Promise<Map<number, string | null>> {
      const rows = await db.organization.findMany({
        where: { id: { in: ids } },
        select: { id: true, region: true },
      });
      return new Map(rows.map(({ id, region }) => [id, region]));
    },
  };
}
