import { fieldFailure, type Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { sessions } from '../sessions/session.repository.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { Password } from './user.ts';
import { users } from './user.repository.ts';

export const PasswordChange = z
  .strictObject({ current_password: z.string().min(1).max(1024), new_password: Password })
  .meta({
    id: 'PasswordChange',
    examples: [{ current_password: 'a long password', new_password: 'another long password' }],
  });
export type PasswordChange = z.output<typeof PasswordChange>;

/**
 * Changes the user's own password and ends all other sessions.
 * @throws Failure forbidden if `current_password` is wrong
 */
export function changePassword(db: Database, passwords: PasswordHasher) {
  return async function replacePassword(
    { id, sessionId }: { id: number; sessionId: string },
    { current_password, new_password }: PasswordChange,
  ): Promise<void> {
    const current = await users(db).findPasswordHash(id);
    if (!(await passwords.verify(current, current_password))) throw wrongPassword();
    const passwordHash = await passwords.hash(new_password);
    await db.$transaction(async (tx) => {
      // An admin may have reset a stolen password during `verify`: the reset must win.
      if (!(await users(tx).lockIfPasswordUnchanged(id, current))) throw wrongPassword();
      await users(tx).update(null, id, { passwordHash });
      await sessions(tx).endAllForUser(id, sessionId);
    });
  };
}

const wrongPassword = (): Failure => fieldFailure('current_password', 'is wrong', 'forbidden');
