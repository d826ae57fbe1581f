import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { organizations } from './organization.repository.ts';

/** @throws Failure not_found */
export const mustExist = async (db: Queryable, orgId: number): Promise<void> => {
  if (!(await organizations(db).exists(orgId))) {
    throw new Failure('not_found', 'Organization not found: create it first.');
  }
};
