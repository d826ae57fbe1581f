import type { ModelQueryable } from '@oriontel/database';
import { organizationNotFound } from '@oriontel/service';
import { organizations } from './organization.repository.ts';

/** @throws Failure not_found */
export async function assertOrganizationExists(db: ModelQueryable, orgId: number): Promise<void> {
  if (!(await organizations(db).exists(orgId))) throw organizationNotFound();
}
