import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { assertOrganizationExists } from '../organizations/assert-organization-exists.ts';
import { Username, type FoundUser } from './user.ts';
import { users } from './user.repository.ts';

/** By name: ids can be counted through, names must be known. */
export const Member = z
  .strictObject({ username: Username })
  .meta({ id: 'Member', examples: [{ username: 'john.smith' }] });
export type Member = z.output<typeof Member>;

/**
 * Makes a user of no organization one of this.
 * @throws Failure not_found, the same whether there is no such user or another organization has it
 */
export function addMember(db: Database) {
  return async function addUserToOrganization(orgId: number, { username }: Member): Promise<FoundUser> {
    await assertOrganizationExists(db, orgId);
    const user = await users(db).addToOrganization(orgId, username);
    if (!user) throw new Failure('not_found', 'No user of this name is without an organization.');
    return user;
  };
}
