import { Email, Failure, Id, Label, type Principal } from '@oriontel/contracts';
import { isUniqueViolation, type Database, type ModelQueryable } from '@oriontel/database';
import { organizationToWrite } from '@oriontel/service';
import { z } from 'zod';
import { assertOrganizationExists } from '../organizations/assert-organization-exists.ts';
import { organizations } from '../organizations/organization.repository.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { Password, RoleName, Username, type FoundUser } from './user.ts';
import { users } from './user.repository.ts';

export const Registration = z
  .strictObject({
    username: Username,
    email: Email,
    password: Password,
    name: Label.optional(),
    role: RoleName.default('user'),
    organization: Label.optional().meta({
      description: 'Name of the organization created for a manager. Default: the username',
    }),
    org_id: Id.optional().meta({ description: 'Admins only: the organization of the user' }),
  })
  .meta({
    id: 'Registration',
    examples: [
      { username: 'john.smith', email: 'john.smith@example.com', password: 'a long password', role: 'user' },
    ],
  });
export type Registration = z.output<typeof Registration>;

/**
 * Registers a user. Without a creator: the first admin, a manager of a new organization, or a user without
 * one. An admin registers any role in any organization; a manager registers managers and users of its own
 * organization.
 * @throws Failure forbidden, conflict, not_found
 */
export function registerUser(db: Database, passwords: PasswordHasher) {
  return async function registerAccount(
    creator: Principal | null,
    registration: Registration,
  ): Promise<FoundUser> {
    const { username, email, password, name = null, role } = registration;
    assertMayRegister(creator, registration);
    const passwordHash = await passwords.hash(password);
    return db
      .$transaction(async (tx) => {
        await assertAvailable(tx, username, email);
        if (role === 'admin' && !creator && (await users(tx).hasAdmin())) {
          throw new Failure('forbidden', 'An admin already exists: ask an admin to register you.');
        }
        const orgId = await resolveOrganization(tx, creator, registration);
        return users(tx).create({ username, email, name, passwordHash, role, orgId });
      })
      .catch((error: unknown) => {
        // A concurrent request registered the same username first.
        if (isUniqueViolation(error)) throw takenFailure('username');
        throw error;
      });
  };
}

function assertMayRegister(creator: Principal | null, { role, org_id }: Registration): void {
  if (!creator) {
    if (org_id !== undefined) throw new Failure('forbidden', 'org_id can be chosen by an admin only.');
    return;
  }
  if (creator.kind === 'key' || creator.role === 'user')
    throw new Failure('forbidden', 'Only managers and admins can register other users.');
  if (creator.role === 'admin') return;
  if (role === 'admin')
    throw new Failure('forbidden', 'A manager can register managers and users, not admins.');
  organizationToWrite(creator, org_id);
}

async function assertAvailable(tx: ModelQueryable, username: string, email: string): Promise<void> {
  const field = await users(tx).findTakenField(username, email);
  if (field) throw takenFailure(field);
}

export function takenFailure(field: string): Failure {
  return new Failure('conflict', `This ${field} is taken: choose another.`, {
    details: [{ field, message: 'is taken' }],
  });
}

async function resolveOrganization(
  tx: ModelQueryable,
  creator: Principal | null,
  { username, role, organization, org_id }: Registration,
): Promise<number | null> {
  if (creator?.kind === 'user' && creator.role === 'manager') return creator.orgId;
  if (org_id !== undefined) {
    await assertOrganizationExists(tx, org_id);
    return org_id;
  }
  if (role !== 'manager') return null;
  return (await organizations(tx).create({ name: organization ?? username })).id;
}

/**
 * Creates the first admin from ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD. Returns false if an admin
 * exists.
 * @throws Error if the username or email belongs to another user
 */
export function ensureAdmin(db: Database, passwords: PasswordHasher) {
  return async function createFirstAdmin(
    username: string,
    email: string,
    password: string,
  ): Promise<boolean> {
    const passwordHash = await passwords.hash(password);
    return db
      .$transaction(async (tx) => {
        if (await users(tx).hasAdmin()) return false;
        await users(tx).create({ username, email, name: null, passwordHash, role: 'admin', orgId: null });
        return true;
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error))
          throw new Error(
            'ADMIN_USERNAME or ADMIN_EMAIL belongs to a user who is not an admin: choose another.',
          );
        throw error;
      });
  };
}
