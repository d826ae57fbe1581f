import { Failure, type Principal } from '@oriontel/contracts';
import { isUniqueViolation, type Database, type Queryable } from '@oriontel/database';
import { isAdmin, organisationToRead } from '@oriontel/service';
import { mustExist } from '../organizations/must-exist.ts';
import { sessions } from '../sessions/session.repository.ts';
import type { Passwords } from './password.ts';
import { taken } from './register-user.ts';
import type { FoundUser, UserUpdate } from './user.ts';
import { users, type UserChange } from './user.repository.ts';

/**
 * Changes a user: an admin anyone's, a manager those of its organisation. Whoever is disabled or gets another password is
 * signed out everywhere.
 * @throws Failure not_found, forbidden, conflict
 */
export const updateUser =
  (db: Database, passwords: Passwords) =>
  async (actor: Principal, id: number, update: UserUpdate): Promise<FoundUser> => {
    const { password } = update;
    if (password !== undefined && !isAdmin(actor))
      throw new Failure(
        'forbidden',
        "Only an admin sets another's password; one's own: POST /auth/password.",
      );
    const passwordHash = password === undefined ? undefined : await passwords.hash(password);
    const orgId = organisationToRead(actor);
    return db
      .$transaction(async (tx) => {
        const user = await users(tx).find(orgId, id);
        if (!user) throw missing();
        mayChange(actor, user, update);
        await mustBePossible(tx, user, update);
        const changed = await users(tx).update(orgId, id, {
          ...toChange(update),
          ...(passwordHash && { passwordHash }),
        });
        if (!changed) throw missing();
        if (update.disabled || passwordHash) await sessions(tx).endAllOf(id);
        return changed;
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error)) throw taken('email');
        throw error;
      });
  };

const missing = (): Failure => new Failure('not_found', 'No such user.');

const mayChange = (actor: Principal, user: FoundUser, update: UserUpdate): void => {
  if (isAdmin(actor)) return;
  if (user.role === 'admin') throw new Failure('forbidden', 'A manager does not change an admin.');
  if (update.role === 'admin') throw new Failure('forbidden', 'Only an admin makes admins.');
  if (update.org_id != null && update.org_id !== actor.orgId)
    throw new Failure('forbidden', 'Not authorized for this organization.');
};

const mustBePossible = async (tx: Queryable, user: FoundUser, update: UserUpdate): Promise<void> => {
  if (update.org_id != null) await mustExist(tx, update.org_id);
  const endsAdmin = update.disabled || (update.role !== undefined && update.role !== 'admin');
  if (user.role === 'admin' && endsAdmin && !(await users(tx).hasOtherActiveAdmin(user.id)))
    throw new Failure('conflict', 'This is the last admin: make another one first.');
};

const toChange = ({ email, name, role, org_id, disabled }: UserUpdate): UserChange => ({
  ...(email !== undefined && { email }),
  ...(name !== undefined && { name }),
  ...(role !== undefined && { role }),
  // Whoever is let go takes no power along into the next organisation.
  ...(org_id !== undefined && {
    orgId: org_id,
    ...(org_id === null && role === undefined && { role: 'user' }),
  }),
  ...(disabled !== undefined && { disabledAt: disabled ? new Date() : null }),
});
