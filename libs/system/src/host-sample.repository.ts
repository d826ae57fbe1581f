import type { Page, Paged } from '@oriontel/contracts';
import type { Prisma, ModelQueryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { StoredSample } from './host-sample.ts';

export interface SampleFilter {
  host?: string | undefined;
  /** Inclusive, like `to`. */
  from?: Date | undefined;
  to?: Date | undefined;
}

export function hostSamples(db: ModelQueryable) {
  return {
    async insert(orgId: number, sample: Omit<StoredSample, 'id' | 'orgId'>): Promise<StoredSample> {
      const diskUsage = sample.diskUsage as Prisma.InputJsonObject;
      const data = { ...sample, id: uuidv7(), orgId, diskUsage };
      return toSample(await db.hostSample.create({ data }));
    },

    /** Newest first. */
    async list(
      orgId: number | null,
      { host, from, to }: SampleFilter,
      { limit, offset }: Page,
    ): Promise<Paged<StoredSample>> {
      // Prisma ignores undefined conditions.
      const where = { orgId: orgId ?? undefined, host, sampledAt: { gte: from, lte: to } };
      const [items, total] = await Promise.all([
        db.hostSample.findMany({
          where,
          orderBy: [{ sampledAt: 'desc' }, { id: 'desc' }],
          take: limit,
          skip: offset,
        }),
        db.hostSample.count({ where }),
      ]);
      return { items: items.map(toSample), total };
    },
  };
}

function toSample(row: Prisma.HostSampleGetPayload<object>): StoredSample {
  return {
    ...row,
    diskUsage: row.diskUsage as StoredSample['diskUsage'],
  };
}
