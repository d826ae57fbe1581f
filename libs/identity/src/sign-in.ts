import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import type { Passwords } from './password.ts';
import type { FoundUser } from './user.ts';
import { users } from './user.repository.ts';

/** Looser than a registration: what cannot be right is simply wrong, without telling why. */
export const Credentials = z
  .strictObject({
    username: z.string().min(1).max(254),
    password: z.string().min(1).max(1024),
  })
  .meta({ id: 'Credentials' });
export type Credentials = z.output<typeof Credentials>;

/** @throws Failure unauthorized, the same and as late whether there is no such user or the password is wrong. */
export const signIn =
  (db: Database, passwords: Passwords) =>
  async ({ username, password }: Credentials): Promise<FoundUser> => {
    const user = await users(db).findByName(username.replaceAll('\0', ''));
    const matches = await passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches) throw new Failure('unauthorized', 'Username or password is wrong.');
    return user;
  };
