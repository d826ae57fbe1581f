import type { Paged } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import type { HostSampleQuery, StoredSample } from './host-sample.ts';
import { hostSamples } from './host-sample.repository.ts';

/** Returns a page of samples, newest first; `orgId` null: of every organization. */
export function listSamples(db: ModelQueryable) {
  return async function listStoredSamples(
    orgId: number | null,
    { host, from, to, limit, offset }: HostSampleQuery,
  ): Promise<Paged<StoredSample>> {
    const filter = { host, from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
    return hostSamples(db).list(orgId, filter, { limit, offset });
  };
}
