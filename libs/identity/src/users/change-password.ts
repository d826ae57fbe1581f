import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { sessions } from '../sessions/session.repository.ts';
import type { Passwords } from './password.ts';
import { Password } from './user.ts';
import { users } from './user.repository.ts';

export const PasswordChange = z
  .strictObject({ current_password: z.string().min(1).max(1024), new_password: Password })
  .meta({ id: 'PasswordChange' });
export type PasswordChange = z.output<typeof PasswordChange>;

/** Ends every session of the user but this one. @throws Failure forbidden where the current password is not that. */
export const changePassword =
  (db: Database, passwords: Passwords) =>
  async (
    { id, sessionId }: { id: number; sessionId: string },
    { current_password, new_password }: PasswordChange,
  ): Promise<void> => {
    const matches = await passwords.verify(await users(db).passwordHash(id), current_password);
    if (!matches)
      throw new Failure('forbidden', 'current_password: is wrong', {
        details: [{ field: 'current_password', message: 'is wrong' }],
      });
    const passwordHash = await passwords.hash(new_password);
    await db.$transaction(async (tx) => {
      await users(tx).update(null, id, { passwordHash });
      await sessions(tx).endAllOf(id, sessionId);
    });
  };
