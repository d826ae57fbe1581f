import type { Database } from '@oriontel/database';
import { organizations } from './organizations/organization.repository.ts';
import { users } from './users/user.repository.ts';

/** Creates an organization and a user without a password, with the given ids, unless they exist. */
export async function seedOrganization(
  db: Database,
  organization: { id: number; name: string; region: string },
  user: { id: number; username: string; name: string; email: string },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await organizations(tx).insertWithId(organization);
    await users(tx).insertWithId({ ...user, orgId: organization.id });
  });
}
