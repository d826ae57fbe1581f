import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator } from './authenticate.ts';
import { createTestIdentity, PASSWORD, SECRET, type TestIdentity } from './testing.ts';

let api: TestIdentity;
let ada: { id: number; authorization: string };
beforeAll(async () => {
  api = await createTestIdentity();
  ada = await api.signUp('ada', { role: 'manager' });
});
afterAll(() => api.close());

const login = (body: unknown) => api.call<Record<string, unknown>>('POST', '/auth/login', { body });
const me = (as: string) => api.call('GET', '/auth/me', { as });

describe('signing in', () => {
  test('answers with a token, what it is, how long it lasts and the user', async () => {
    const { status, data } = await login({ username: 'ada', password: PASSWORD });
    expect(status).toBe(200);
    expect(data).toEqual({
      token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 3_600,
      refresh_token: expect.stringMatching(/^otr_/) as string,
      user: (await me(ada.authorization)).data,
    });
    const [, claims] = (data['token'] as string).split('.');
    const { iat, exp } = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as Record<
      'iat' | 'exp',
      number
    >;
    expect(exp - iat).toBe(3_600);
    expect((await me(`Bearer ${data['token'] as string}`)).data).toMatchObject({
      id: ada.id,
      username: 'ada',
    });
  });
  test('the case of a username does not matter, the case of a password does', async () => {
    expect((await login({ username: 'ADA', password: PASSWORD })).status).toBe(200);
    expect((await login({ username: 'ada', password: PASSWORD.toUpperCase() })).status).toBe(401);
  });
  test('an unknown user and a wrong password are told the same', async () => {
    const unknown = await login({ username: 'nobody-here', password: PASSWORD });
    const wrong = await login({ username: 'ada', password: 'wrong password' });
    expect([unknown.status, wrong.status]).toEqual([401, 401]);
    expect(unknown.error.message).toBe(wrong.error.message);
  });
  test.each([
    {},
    { username: 'ada' },
    { username: 'ada', password: '' },
    { username: 'ada', password: PASSWORD, totp: 1 },
    { username: { $ne: '' }, password: PASSWORD },
  ])('%j is 400', async (body) => expect((await login(body)).status).toBe(400));
  test.each(["' OR 1=1 --", 'nobody\0', 'x'.repeat(254), '\ud800', 'ada%'])(
    'username %j is 401',
    async (username) => {
      expect((await login({ username, password: PASSWORD })).status).toBe(401);
    },
  );
});

describe('a token', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const sid = () => (api.app.jwt.decode(ada.authorization.slice(7)) as { sid: string }).sid;
  function good() {
    return {
      sub: String(ada.id),
      sid: sid(),
      iss: 'oriontel',
      aud: 'oriontel-api',
      iat: now,
      exp: now + 60,
    };
  }
  function forge(claims: object, { secret = SECRET, alg = 'HS256', hash = 'sha256' } = {}) {
    const said = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
    return `${said}.${alg === 'none' ? '' : createHmac(hash, secret).update(said).digest('base64url')}`;
  }
  function tampered() {
    const [head, , signature] = forge(good()).split('.');
    return `${head}.${part({ ...good(), exp: now + 61 })}.${signature}`;
  }

  test('as we make it is good', async () => {
    expect((await me(`Bearer ${forge(good())}`)).status).toBe(200);
    expect((await me(`bearer   ${forge(good())}`)).status).toBe(200);
  });
  test.each<[string, () => string]>([
    ['with alg none', () => forge(good(), { alg: 'none' })],
    ['with another algorithm', () => forge(good(), { alg: 'HS512', hash: 'sha512' })],
    ['signed with another secret', () => forge(good(), { secret: 'x'.repeat(40) })],
    ['tampered with', tampered],
    ['of another issuer', () => forge({ ...good(), iss: 'other' })],
    ['of no issuer', () => forge({ ...good(), iss: undefined })],
    ['for another audience', () => forge({ ...good(), aud: 'other' })],
    ['for no audience', () => forge({ ...good(), aud: undefined })],
    ['that has expired', () => forge({ ...good(), exp: now - 1 })],
    ['that never expires', () => forge({ ...good(), exp: undefined })],
    ['of no session', () => forge({ ...good(), sid: undefined })],
    ['of a session that is no id', () => forge({ ...good(), sid: 'x' })],
    [
      'of a session that is not there',
      () => forge({ ...good(), sid: '019d5b5e-0000-7000-8000-000000000000' }),
    ],
    ['for nobody', () => forge({ ...good(), sub: undefined })],
    ['for a user who is not there', () => forge({ ...good(), sub: '2147483647' })],
    ['for a user who cannot be', () => forge({ ...good(), sub: '9999999999' })],
    ['for a text that is no number', () => forge({ ...good(), sub: '1 OR 1=1' })],
    ['that is none', () => 'nonsense'],
    ['of one dot', () => 'a.b'],
    ['of three dots', () => 'a.b.c.d'],
    ['of a NUL', () => 'e30.e30.\u0001'],
  ])('%s is 401', async (_name, make) => {
    expect((await me(`Bearer ${make()}`)).status).toBe(401);
  });
  test.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic',
    'Basic !!!',
    'Basic YTpi',
    'Digest x',
    'Negotiate',
    `Token x`,
  ])('an Authorization of %j is 401', async (authorization) =>
    expect((await me(authorization)).status).toBe(401),
  );
  test('of a user who was deleted is 401', async () => {
    const gone = await api.signUp('gone');
    expect((await me(gone.authorization)).status).toBe(200);
    await api.db.user.delete({ where: { id: gone.id } });
    expect((await me(gone.authorization)).status).toBe(401);
  });
  test('of a user who was disabled is 401, and signing in too', async () => {
    const fired = await api.signUp('fired');
    await api.db.user.update({ where: { id: fired.id }, data: { disabledAt: new Date() } });
    expect((await me(fired.authorization)).status).toBe(401);
    expect((await login({ username: 'fired', password: PASSWORD })).status).toBe(401);
  });
  test('does not carry the role: who is demoted has the new one at once', async () => {
    const demoted = await api.signUp('demoted', { role: 'manager' });
    await api.db.user.update({ where: { id: demoted.id }, data: { role: 'user' } });
    expect((await me(demoted.authorization)).data.role).toBe('user');
    expect((await api.call('GET', '/api-keys', { as: demoted.authorization })).status).toBe(403);
  });
});

test('who was believed a moment ago is asked for again after two seconds', async () => {
  const known = await api.signUp('believed');
  const authenticate = createAuthenticator(api.db, api.tokens);
  await expect(authenticate(known.authorization)).resolves.toMatchObject({ id: known.id });
  await api.db.user.update({ where: { id: known.id }, data: { disabledAt: new Date() } });
  const end = performance.now() + 3_000;
  function isOut() {
    return authenticate(known.authorization).then(
      () => false,
      () => true,
    );
  }
  while (!(await isOut()) && performance.now() < end) await pause(50);
  await expect(isOut()).resolves.toBe(true);
});
