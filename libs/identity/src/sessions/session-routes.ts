import { Failure, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { abortedOnClose, envelope, Enveloped, type HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { changePassword, PasswordChange } from '../users/change-password.ts';
import type { PasswordHasher } from '../users/password-hasher.ts';
import { presentUser, User } from '../users/user.ts';
import { users } from '../users/user.repository.ts';
import type { SignInThrottle } from './create-sign-in-throttle.ts';
import { refreshSession, RefreshToken } from './refresh-session.ts';
import { sessions } from './session.repository.ts';
import { presentSession, SignedIn } from './session.ts';
import { Credentials, signIn } from './sign-in.ts';
import type { AccessTokens } from './access-tokens.ts';

export interface SessionRoutes {
  db: Database;
  passwords: PasswordHasher;
  throttle: SignInThrottle;
  tokens: AccessTokens;
  /** Lifetime of a session from its last refresh. */
  sessionLifetimeSeconds: number;
}

/**
 * Routes of sessions. Requests that could guess a password or a refresh token are rate-limited per address
 * (`guest`), not per user.
 */
export async function sessionRoutes(app: HttpServer, routes: SessionRoutes): Promise<void> {
  const { db, passwords, throttle, tokens, sessionLifetimeSeconds } = routes;
  const startSession = signIn({ db, passwords, throttle, lifetimeSeconds: sessionLifetimeSeconds });
  const refresh = refreshSession(db, sessionLifetimeSeconds);
  const change = changePassword(db, passwords);

  app.route({
    method: 'POST',
    url: '/auth/login',
    config: { family: 'oriontel', access: 'anyone', limit: 'guest', errors: ['unauthorized'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Sign in',
      body: Credentials,
      response: { 200: Enveloped(SignedIn) },
    },
    async handler({ body, ip: address }, reply) {
      const client = { address, signal: abortedOnClose(reply) };
      return envelope(presentSession(tokens, await startSession(body, client)));
    },
  });

  app.route({
    method: 'POST',
    url: '/auth/refresh',
    config: { family: 'oriontel', access: 'anyone', limit: 'guest', errors: ['unauthorized'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Refresh a session',
      body: RefreshToken,
      response: { 200: Enveloped(SignedIn) },
    },
    handler: async ({ body }) => envelope(presentSession(tokens, await refresh(body))),
  });

  app.route({
    method: 'POST',
    url: '/auth/logout',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { tags: ['Accounts'], summary: 'Sign out', response: { 204: z.undefined() } },
    async handler({ principal }, reply) {
      await sessions(db).end(requireUser(principal).sessionId);
      return reply.code(204).send();
    },
  });

  app.route({
    method: 'POST',
    url: '/auth/password',
    config: { family: 'oriontel', access: 'signed-in', limit: 'guest' },
    schema: {
      tags: ['Accounts'],
      summary: 'Change the password',
      body: PasswordChange,
      response: { 204: z.undefined() },
    },
    async handler({ principal, body }, reply) {
      await change(requireUser(principal), body);
      return reply.code(204).send();
    },
  });

  app.route({
    method: 'GET',
    url: '/auth/me',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { tags: ['Accounts'], summary: 'Get the current user', response: { 200: Enveloped(User) } },
    async handler({ principal }) {
      const { id, sessionId } = requireUser(principal);
      const user = await users(db).findBySession(id, sessionId, new Date());
      if (!user) throw new Failure('unauthorized', 'The session has ended: sign in again.');
      return envelope(presentUser(user));
    },
  });
}

/** Narrows the type: the guard admits only users to `signed-in` routes. */
function requireUser(principal: Principal): Extract<Principal, { kind: 'user' }> {
  if (principal.kind !== 'user') throw new Failure('forbidden', 'API keys cannot be used here: sign in.');
  return principal;
}
