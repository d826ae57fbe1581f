import { createServer, guardRoutes, openLog } from '@oriontel/service';
import { openTestDatabase } from '@oriontel/database/testing';
import { openAuthentication } from './authenticate.ts';
import { identityRoutes } from './http.ts';
import { openPasswords } from './password.ts';
import { openTokens } from './tokens.ts';
import type { User } from './user.ts';

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
  guardRoutes(app, openAuthentication(db, tokens.verify, 0));
  await app.register(identityRoutes, { db, passwords: openPasswords(), tokens });

  const call = async <T = User>(
    method: 'GET' | 'POST' | 'DELETE',
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
  const bearer = (user: { id: number }) => `Bearer ${tokens.sign(user.id)}`;
  /** Registers, and returns the Authorization header beside the user. */
  const signUp = async (username: string, more: object = {}, as?: string) => {
    const { data } = await register(username, more, as);
    return { ...data, authorization: bearer(data) };
  };
  const close = async () => {
    await app.close();
    await drop();
  };
  return { db, app, call, register, signUp, bearer, close };
};
export type TestIdentity = Awaited<ReturnType<typeof openTestIdentity>>;
