import { createServer, guardRoutes, createLogger } from '@oriontel/service';
import { createTestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { createAuthenticator } from './authenticate.ts';
import { identityRoutes } from './http.ts';
import { createPasswordHasher } from './users/password-hasher.ts';
import { createAccessTokens } from './sessions/access-tokens.ts';
import type { User } from './users/user.ts';

export const SECRET = 'a secret of the tests, at least 32 characters';
export const PASSWORD = 'correct horse battery';

export interface TestResponse<T> {
  status: number;
  data: T;
  error: { message: string; code: number; details?: { field: string; message: string }[] };
  body: string;
}

/** The routes of this lib on a database of their own, where nobody is believed longer than for one request. */
export async function createTestIdentity() {
  const { db, drop } = await createTestDatabase();
  const app = createServer(createLogger('test', 'silent'));
  const tokens = await createAccessTokens(app, SECRET, 3_600);
  guardRoutes(app, createAuthenticator(db, tokens, 0));
  await app.register(identityRoutes, {
    db,
    passwords: createPasswordHasher(),
    tokens,
    sessionLifetimeSeconds: 86_400,
  });

  async function call<T = User>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    { as, body }: { as?: string | undefined; body?: unknown } = {},
  ): Promise<TestResponse<T>> {
    const headers = as === undefined ? {} : { authorization: as };
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers, ...payload });
    const json = answer.body ? answer.json<Pick<TestResponse<T>, 'data' | 'error'>>() : {};
    return { status: answer.statusCode, body: answer.body, ...json } as TestResponse<T>;
  }

  function register(username: string, more: object = {}, as?: string) {
    return call('POST', '/auth/register', {
      as,
      body: { username, email: `${username}@example.com`, password: PASSWORD, ...more },
    });
  }
  /** A token of a new session, without the cost of signing in. */
  async function bearer(user: { id: number }): Promise<string> {
    const id = uuidv7();
    const tomorrow = new Date(Date.now() + 86_400_000);
    await db.session.create({
      data: {
        id,
        userId: user.id,
        refreshId: uuidv7(),
        refreshHash: new Uint8Array(32),
        expiresAt: tomorrow,
      },
    });
    return `Bearer ${tokens.sign(user.id, id)}`;
  }
  /** Registers, and returns the Authorization header beside the user. */
  async function signUp(username: string, more: object = {}, as?: string) {
    const { data } = await register(username, more, as);
    return { ...data, authorization: await bearer(data) };
  }
  /** Whether somebody waits for a row that another transaction holds. */
  async function isWaitingForLock(): Promise<boolean> {
    const [row] = await db.$queryRaw<{ waiting: boolean }[]>`
      SELECT count(*) > 0 AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return row!.waiting;
  }
  async function close() {
    await app.close();
    await drop();
  }
  return { db, app, tokens, call, register, signUp, bearer, isHeldUp: isWaitingForLock, close };
}
export type TestIdentity = Awaited<ReturnType<typeof createTestIdentity>>;
