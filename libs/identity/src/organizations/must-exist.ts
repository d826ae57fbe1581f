import type { Queryable } from '@oriontel/database';
import { noSuchOrganization } from '@oriontel/service';
import { organizations } from './organization.repository.ts';

/** @throws Failure not_found */
export const mustExist = async (db: Queryable, orgId: number): Promise<void> => {
  if (!(await organizations(db).exists(orgId))) throw noSuchOrganization();
};
