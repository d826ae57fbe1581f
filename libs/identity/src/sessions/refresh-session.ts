import { Failure, text } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { users } from '../users/user.repository.ts';
import { sessions } from './session.repository.ts';
import { refreshTokens, type Session } from './session.ts';

export const RefreshToken = z
  .strictObject({ refresh_token: text(512) })
  .meta({ id: 'RefreshToken', examples: [{ refresh_token: 'otr_…' }] });
export type RefreshToken = z.output<typeof RefreshToken>;

/**
 * Exchanges a refresh token for the next (RFC 9700, 4.14.2). One that was exchanged before ends the session: two hold it, and nobody
 * can tell which of them is the thief.
 * @throws Failure unauthorized
 */
export function refreshSession(db: Database, lifetime: number) {
  return async function exchangeRefreshToken({ refresh_token }: RefreshToken): Promise<Session> {
    const given = refreshTokens.decode(refresh_token);
    if (!given) throw invalidRefreshToken();
    const { id: refreshId, token, secretHash } = refreshTokens.mint(given.id);
    const now = Date.now();
    const session = await sessions(db).rotate(refreshId, {
      old: given.secretHash,
      next: secretHash,
      now: new Date(now),
      expiresAt: new Date(now + lifetime * 1000),
    });
    const user = session && (await users(db).findBySession(session.userId, session.id, new Date(now)));
    if (user) return { id: session.id, user, refreshToken: token };
    await sessions(db).endByRefreshId(refreshId);
    throw invalidRefreshToken();
  };
}

function invalidRefreshToken(): Failure {
  return new Failure(
    'unauthorized',
    'The refresh token is not valid, has expired or was used before: sign in again.',
  );
}
