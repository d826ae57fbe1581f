import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { assertOrganizationExists } from '../organizations/assert-organization-exists.ts';
import { Username, type FoundUser } from './user.ts';
import { users } from './user.repository.ts';

/** Identified by username: ids can be enumerated, usernames must be known. */
export const Member = z
  .strictObject({ username: Username })
  .meta({ id: 'Member', examples: [{ username: 'john.smith' }] });
export type Member = z.output<typeof Member>;

/**
 * Adds a user without an organization to this one, in the role `user`.
 * @throws Failure not_found, with the same message for an unknown user and for a user of another organization
 */
export function addMember(db: Database) {
  return async function addUserToOrganization(orgId: number, { username }: Member): Promise<FoundUser> {
    await assertOrganizationExists(db, orgId);
    const user = await users(db).addToOrganization(orgId, username);
    if (!user)
      throw new Failure('not_found', 'There is no user with this username and without an organization.');
    return user;
  };
}
