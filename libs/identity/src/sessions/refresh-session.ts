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
 * Exchanges a refresh token for a new one and extends the session by `lifetimeSeconds` (RFC 9700, section
 * 4.14.2). Reuse of an exchanged token ends the session, because one of its two holders has stolen it.
 * @throws Failure unauthorized if the token is invalid, expired or was used before
 */
export function refreshSession(db: Database, lifetimeSeconds: number) {
  return async function exchangeRefreshToken({ refresh_token }: RefreshToken): Promise<Session> {
    const decoded = refreshTokens.decode(refresh_token);
    if (!decoded) throw invalidRefreshToken();
    const { id: refreshId, token, secretHash } = refreshTokens.mint(decoded.id);
    const now = Date.now();
    const session = await sessions(db).rotate(refreshId, {
      old: decoded.secretHash,
      next: secretHash,
      now: new Date(now),
      expiresAt: new Date(now + lifetimeSeconds * 1000),
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
    'The refresh token is invalid, expired or was used before: sign in again.',
  );
}
