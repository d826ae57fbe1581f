import type { Queryable } from '@oriontel/database';

/** The only file that speaks to the organizations table. */
export const organizations = (db: Queryable) => ({
  create: async (name: string): Promise<number> =>
    (await db.organization.create({ data: { name }, select: { id: true } })).id,

  exists: async (id: number): Promise<boolean> =>
    (await db.organization.findUnique({ where: { id }, select: { id: true } })) !== null,

  /** ISO 3166 alpha-2, or null where the organisation has none of its own. */
  regions: async (ids: number[]): Promise<Map<number, string | null>> => {
    const rows = await db.organization.findMany({
      where: { id: { in: ids } },
      select: { id: true, region: true },
    });
    return new Map(rows.map(({ id, region }) => [id, region]));
  },
});
