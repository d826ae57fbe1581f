import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { PasswordHasher } from '../users/password-hasher.ts';
import { users } from '../users/user.repository.ts';
import type { SignInThrottle } from './create-sign-in-throttle.ts';
import { sessions } from './session.repository.ts';
import { refreshTokens, type Session } from './session.ts';

/**
 * Looser than `Registration`: an impossible username or password fails like a wrong one, without a reason.
 */
export const Credentials = z
  .strictObject({
    username: z.string().min(1).max(254),
    password: z.string().min(1).max(1024),
  })
  .meta({ id: 'Credentials', examples: [{ username: 'john.smith', password: 'a long password' }] });
export type Credentials = z.output<typeof Credentials>;

export interface SignInOptions {
  db: Database;
  passwords: PasswordHasher;
  /** Shared by all forms of signing in. */
  throttle: SignInThrottle;
  lifetimeSeconds: number;
}

/** Who signs in. */
export interface SignInClient {
  address: string;
  /** Aborts when the client has disconnected. */
  signal?: AbortSignal;
}

/**
 * Starts a session that lasts `lifetimeSeconds` from its last refresh.
 * @throws Failure unauthorized, with the same message and timing for an unknown user and for a wrong password
 * @throws Failure too_many_requests, unavailable
 */
export function signIn({ db, passwords, throttle, lifetimeSeconds }: SignInOptions) {
  return async function startSession(
    { username, password }: Credentials,
    { address, signal }: SignInClient,
  ): Promise<Session> {
    const attempt = { username, address };
    throttle.check(attempt);
    const user = await users(db).findForSignIn(username.replaceAll('\0', ''));
    const matches = await passwords.verify(user?.passwordHash ?? null, password, signal);
    if (!user || !matches) {
      throttle.recordFailure(attempt);
      throw wrongCredentials();
    }
    throttle.recordSuccess(attempt);
    const id = uuidv7();
    const { id: refreshId, token, secretHash: refreshHash } = refreshTokens.mint(uuidv4());
    const now = Date.now();
    await sessions(db).deleteExpired(user.id, new Date(now));
    await db.$transaction(async (tx) => {
      // A password change during `verify` has ended all sessions: this one must not start after it.
      if (!(await users(tx).lockIfPasswordUnchanged(user.id, user.passwordHash))) throw wrongCredentials();
      const expiresAt = new Date(now + lifetimeSeconds * 1000);
      await sessions(tx).start({ id, userId: user.id, refreshId, refreshHash, expiresAt });
    });
    return { id, user, refreshToken: token };
  };
}

const wrongCredentials = (): Failure => new Failure('unauthorized', 'Username or password is wrong.');
