import { EntityName, type Principal } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import { createOrganizationResolver, type OrganizationExists } from '@oriontel/service';
import { hostSamples } from './host-sample.repository.ts';
import type { NewHostSample, StoredSample } from './host-sample.ts';

/**
 * Stores a sample for the organization of the principal; an admin may choose another one.
 * @throws Failure forbidden, not_found for an unknown organization
 */
export function storeSample(db: ModelQueryable, organizationExists: OrganizationExists) {
  return async function insertSample(principal: Principal, sample: NewHostSample): Promise<StoredSample> {
    const orgId = await createOrganizationResolver(organizationExists)(principal, sample.org_id);
    return hostSamples(db).insert(orgId, {
      host: sample.host ?? hostOf(principal),
      cpuUsage: sample.cpu_usage,
      ramUsage: sample.ram_usage,
      swapUsage: sample.swap_usage,
      diskUsage: sample.disk_usage,
      sampledAt: sample.sampled_at ? new Date(sample.sampled_at) : new Date(),
    });
  };
}

/** API keys are usually named after the host that uses them. */
function hostOf(principal: Principal): string {
  return principal.kind === 'key' && EntityName.safeParse(principal.name).success
    ? principal.name
    : 'unknown';
}
