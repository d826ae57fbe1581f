import { Failure, type Principal } from '@oriontel/contracts';
import { isUniqueViolation, type Database, type ModelQueryable } from '@oriontel/database';
import { isAdmin, organizationToRead } from '@oriontel/service';
import { assertOrganizationExists } from '../organizations/assert-organization-exists.ts';
import { sessions } from '../sessions/session.repository.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { takenFailure } from './register-user.ts';
import type { FoundUser, UserUpdate } from './user.ts';
import { users } from './user.repository.ts';

/**
 * Partial update: omitted fields keep their value. Admins update any user, managers those of their
 * organization. Disabling a user or setting a password ends the user's sessions.
 * @throws Failure not_found, forbidden, conflict
 */
export function updateUser(db: Database, passwords: PasswordHasher) {
  return async function applyUserUpdate(
    actor: Principal,
    id: number,
    update: UserUpdate,
  ): Promise<FoundUser> {
    const { password } = update;
    if (password !== undefined && !isAdmin(actor))
      throw new Failure(
        'forbidden',
        "Only an admin can set another user's password; change your own with POST /auth/password.",
      );
    const passwordHash = password === undefined ? undefined : await passwords.hash(password);
    const orgId = organizationToRead(actor);
    return db
      .$transaction(async (tx) => {
        const user = await users(tx).findForUpdate(orgId, id);
        if (!user) throw userNotFound();
        assertMayUpdate(actor, user, update);
        const change = toUserChange(user, update);
        await assertUpdatePossible(tx, user, { ...user, ...change });
        const changed = await users(tx).update(orgId, id, {
          ...change,
          ...(passwordHash && { passwordHash }),
        });
        if (!changed) throw userNotFound();
        if (update.disabled || passwordHash) await sessions(tx).endAllForUser(id);
        return changed;
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error)) throw takenFailure('email');
        throw error;
      });
  };
}

const userNotFound = (): Failure => new Failure('not_found', 'No such user.');

function assertMayUpdate(actor: Principal, user: FoundUser, update: UserUpdate): void {
  if (isAdmin(actor)) return;
  if (user.role === 'admin') throw new Failure('forbidden', 'A manager cannot change an admin.');
  if (update.role === 'admin') throw new Failure('forbidden', 'Only an admin can grant the role admin.');
  if ((update.org_id ?? actor.orgId) !== actor.orgId)
    throw new Failure('forbidden', 'Not authorized for this organization.');
}

async function assertUpdatePossible(tx: ModelQueryable, before: FoundUser, after: FoundUser): Promise<void> {
  if (after.orgId !== null && after.orgId !== before.orgId) await assertOrganizationExists(tx, after.orgId);
  if (isManagerWithoutOrganization(after) && !isManagerWithoutOrganization(before))
    throw new Failure('conflict', 'A manager needs an organization: set org_id.');
  if (isActiveAdmin(before) && !isActiveAdmin(after) && !(await users(tx).hasOtherActiveAdmin(before.id)))
    throw new Failure('conflict', 'This is the last active admin: appoint another one first.');
}

function isManagerWithoutOrganization({ role, orgId }: FoundUser): boolean {
  return role === 'manager' && orgId === null;
}

const isActiveAdmin = ({ role, disabledAt }: FoundUser): boolean => role === 'admin' && disabledAt === null;

function toUserChange(user: FoundUser, { email, name, role, org_id, disabled }: UserUpdate) {
  return {
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(role !== undefined && { role }),
    ...(org_id !== undefined && { orgId: org_id }),
    // A manager without an organization becomes a user, so that joining another one grants no rights there.
    ...(org_id === null && role === undefined && user.role === 'manager' && { role: 'user' as const }),
    ...(disabled !== undefined && { disabledAt: disabled ? new Date() : null }),
  };
}
