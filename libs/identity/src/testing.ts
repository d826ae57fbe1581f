import { createServer, guardRoutes, createLogger } from '@oriontel/service';
import { createTestClient } from '@oriontel/service/testing';
import { createTestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { createAuthenticator } from './authenticate.ts';
import { identityRoutes } from './http.ts';
import { createSignInThrottle } from './sessions/create-sign-in-throttle.ts';
import { createPasswordHasher } from './users/password-hasher.ts';
import { createAccessTokens } from './sessions/access-tokens.ts';
import type { User } from './users/user.ts';

export const SECRET = 'a secret of the tests, at least 32 characters';
export const PASSWORD = 'correct horse battery';
const SESSION_LIFETIME_SECONDS = 86_400;

interface ResponseBody<T> {
  data: T;
  error: { message: string; code: number; details?: { field: string; message: string }[] };
}

export interface TestResponse<T> extends ResponseBody<T> {
  status: number;
  body: string;
}

/** The routes of this feature with real sign-in, on their own database; principals are not cached. */
export async function createTestIdentity() {
  const { db, drop } = await createTestDatabase();
  const app = createServer(createLogger('test', 'silent'));
  const tokens = await createAccessTokens(app, SECRET, 3_600);
  guardRoutes(app, createAuthenticator(db, tokens, 0));
  await app.register(identityRoutes, {
    db,
    passwords: createPasswordHasher(),
    throttle: createSignInThrottle(),
    tokens,
    sessionLifetimeSeconds: SESSION_LIFETIME_SECONDS,
  });
  const send = createTestClient(app);

  async function call<T = User>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    { as, body: payload }: { as?: string | undefined; body?: unknown } = {},
  ): Promise<TestResponse<T>> {
    const { status, body, json } = await send<ResponseBody<T>>(url, { method, as, body: payload as object });
    return { status, body, ...json };
  }

  function register(username: string, more: object = {}, as?: string) {
    return call('POST', '/auth/register', {
      as,
      body: { username, email: `${username}@example.com`, password: PASSWORD, ...more },
    });
  }

  /** The Authorization header of a new session, without the cost of signing in. */
  async function bearer(user: { id: number }): Promise<string> {
    const id = uuidv7();
    await db.session.create({
      data: {
        id,
        userId: user.id,
        refreshId: uuidv7(),
        refreshHash: new Uint8Array(32),
        expiresAt: new Date(Date.now() + SESSION_LIFETIME_SECONDS * 1000),
      },
    });
    return `Bearer ${tokens.sign(user.id, id)}`;
  }

  /** Registers a user and returns it with the Authorization header of a new session. */
  async function signUp(username: string, more: object = {}, as?: string) {
    const { data } = await register(username, more, as);
    return { ...data, authorization: await bearer(data) };
  }

  /** Whether a transaction waits for a row lock held by another. */
  async function isWaitingForLock(): Promise<boolean> {
    const [row] = await db.$queryRaw<{ waiting: boolean }[]>`
      SELECT count(*) > 0 AS waiting
      FROM pg_stat_activity
      WHERE datname = current_database()
        AND wait_event_type = 'Lock'`;
    return row!.waiting;
  }

  async function close(): Promise<void> {
    await app.close();
    await drop();
  }

  return { db, app, tokens, call, register, signUp, bearer, isWaitingForLock, close };
}
export type TestIdentity = Awaited<ReturnType<typeof createTestIdentity>>;
