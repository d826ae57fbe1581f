import type { Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { presentSample, type HostSample, type HostSampleQuery } from './host-sample.ts';
import { hostSamples } from './host-sample.repository.ts';

/** Newest first. */
export const listSamples =
  (db: Queryable) =>
  async (
    orgId: number | null,
    { host, from, to, limit, offset }: HostSampleQuery,
  ): Promise<Paged<HostSample>> => {
    const filter = { host, from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
    const { items, total } = await hostSamples(db).list(orgId, filter, { limit, offset });
    return { items: items.map(presentSample), total };
  };
