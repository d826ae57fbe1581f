import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Passwords } from '../users/password.ts';
import { users } from '../users/user.repository.ts';
import { sessions } from './session.repository.ts';
import { refreshWords, type Session } from './session.ts';

/** Looser than a registration: what cannot be right is simply wrong, without telling why. */
export const Credentials = z
  .strictObject({
    username: z.string().min(1).max(254),
    password: z.string().min(1).max(1024),
  })
  .meta({ id: 'Credentials' });
export type Credentials = z.output<typeof Credentials>;

/**
 * Starts a session that lasts `lifetime` seconds from its last refresh.
 * @throws Failure unauthorized, the same and as late whether there is no such user or the password is wrong.
 */
export const signIn =
  (db: Database, passwords: Passwords, lifetime: number) =>
  async ({ username, password }: Credentials): Promise<Session> => {
    const user = await users(db).findByName(username.replaceAll('\0', ''));
    const matches = await passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches) throw new Failure('unauthorized', 'Username or password is wrong.');
    const { id, word, secretHash } = refreshWords.mint(uuidv7());
    const now = Date.now();
    await sessions(db).forgetExpired(user.id, new Date(now));
    await sessions(db).start(id, user.id, secretHash, new Date(now + lifetime * 1000));
    return { id, user, refreshToken: word };
  };
