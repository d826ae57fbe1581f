import { createServer, guardRoutes, openLog } from '@oriontel/service';
import { openTestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { openAuthentication } from './authenticate.ts';
import { identityRoutes } from './http.ts';
import { openPasswords } from './users/password.ts';
import { openTokens } from './sessions/tokens.ts';
import type { User } from './users/user.ts';

export const SECRET = 'a secret of the tests, at least 32 characters';
export const PASSWORD = 'correct horse battery';

export interface Answer<T> {
  status: number;
  data: T;
  error: { message: string; code: number; details?: { field: string; message: string }[] };
  body: string;
}

/** The routes of this lib on a database of their own, where nobody is believed longer than for one request. */
export const openTestIdentity = async () => {
  const { db, drop } = await openTestDatabase();
  const app = createServer(openLog('test', 'silent'));
  const tokens = await openTokens(app, SECRET, 3_600);
  guardRoutes(app, openAuthentication(db, tokens, 0));
  await app.register(identityRoutes, { db, passwords: openPasswords(), tokens, sessionLifetime: 86_400 });

  const call = async <T = User>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    { as, body }: { as?: string | undefined; body?: unknown } = {},
  ): Promise<Answer<T>> => {
    const headers = as === undefined ? {} : { authorization: as };
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers, ...payload });
    const json = answer.body ? answer.json<Pick<Answer<T>, 'data' | 'error'>>() : {};
    return { status: answer.statusCode, body: answer.body, ...json } as Answer<T>;
  };

  const register = (username: string, more: object = {}, as?: string) =>
    call('POST', '/auth/register', {
      as,
      body: { username, email: `${username}@example.com`, password: PASSWORD, ...more },
    });
  /** A token of a new session, without the cost of signing in. */
  const bearer = async (user: { id: number }): Promise<string> => {
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
  };
  /** Registers, and returns the Authorization header beside the user. */
  const signUp = async (username: string, more: object = {}, as?: string) => {
    const { data } = await register(username, more, as);
    return { ...data, authorization: await bearer(data) };
  };
  /** Whether somebody waits for a row that another transaction holds. */
  const isHeldUp = async (): Promise<boolean> => {
    const [row] = await db.$queryRaw<{ waiting: boolean }[]>`
      SELECT count(*) > 0 AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return row!.waiting;
  };
  const close = async () => {
    await app.close();
    await drop();
  };
  return { db, app, tokens, call, register, signUp, bearer, isHeldUp, close };
};
export type TestIdentity = Awaited<ReturnType<typeof openTestIdentity>>;
