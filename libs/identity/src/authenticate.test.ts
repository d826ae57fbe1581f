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

describe('POST /auth/login', () => {
  test('returns a token, its type, its lifetime and the user', async () => {
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
  test('ignores the case of the username but not of the password', async () => {
    expect((await login({ username: 'ADA', password: PASSWORD })).status).toBe(200);
    expect((await login({ username: 'ada', password: PASSWORD.toUpperCase() })).status).toBe(401);
  });
  test('answers an unknown user like a wrong password', async () => {
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
  ])('the body %j is 400', async (body) => expect((await login(body)).status).toBe(400));
  test.each(["' OR 1=1 --", 'nobody\0', 'x'.repeat(254), '\ud800', 'ada%'])(
    'username %j is 401',
    async (username) => {
      expect((await login({ username, password: PASSWORD })).status).toBe(401);
    },
  );
});

describe('an access token', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const sid = () => (api.app.jwt.decode(ada.authorization.slice(7)) as { sid: string }).sid;
  function validClaims() {
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
    const signed = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
    return `${signed}.${alg === 'none' ? '' : createHmac(hash, secret).update(signed).digest('base64url')}`;
  }
  function tampered() {
    const [head, , signature] = forge(validClaims()).split('.');
    return `${head}.${part({ ...validClaims(), exp: now + 61 })}.${signature}`;
  }

  test('with our claims and signature is accepted', async () => {
    expect((await me(`Bearer ${forge(validClaims())}`)).status).toBe(200);
    expect((await me(`bearer   ${forge(validClaims())}`)).status).toBe(200);
  });
  test.each<[string, () => string]>([
    ['with alg none', () => forge(validClaims(), { alg: 'none' })],
    ['with another algorithm', () => forge(validClaims(), { alg: 'HS512', hash: 'sha512' })],
    ['signed with another secret', () => forge(validClaims(), { secret: 'x'.repeat(40) })],
    ['tampered with', tampered],
    ['of another issuer', () => forge({ ...validClaims(), iss: 'other' })],
    ['of no issuer', () => forge({ ...validClaims(), iss: undefined })],
    ['for another audience', () => forge({ ...validClaims(), aud: 'other' })],
    ['for no audience', () => forge({ ...validClaims(), aud: undefined })],
    ['that has expired', () => forge({ ...validClaims(), exp: now - 1 })],
    ['that never expires', () => forge({ ...validClaims(), exp: undefined })],
    ['of no session', () => forge({ ...validClaims(), sid: undefined })],
    ['of a session whose id is not a UUID', () => forge({ ...validClaims(), sid: 'x' })],
    ['of an unknown session', () => forge({ ...validClaims(), sid: '019d5b5e-0000-7000-8000-000000000000' })],
    ['without a subject', () => forge({ ...validClaims(), sub: undefined })],
    ['for an unknown user', () => forge({ ...validClaims(), sub: '2147483647' })],
    ['for a user id beyond the range', () => forge({ ...validClaims(), sub: '9999999999' })],
    ['for a user id that is not a number', () => forge({ ...validClaims(), sub: '1 OR 1=1' })],
    ['that is not a JWT', () => 'nonsense'],
    ['with one dot', () => 'a.b'],
    ['with three dots', () => 'a.b.c.d'],
    ['with a control character', () => 'e30.e30.\u0001'],
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
  ])('the Authorization header %j is 401', async (authorization) =>
    expect((await me(authorization)).status).toBe(401),
  );
  test('of a deleted user is 401', async () => {
    const gone = await api.signUp('gone');
    expect((await me(gone.authorization)).status).toBe(200);
    await api.db.user.delete({ where: { id: gone.id } });
    expect((await me(gone.authorization)).status).toBe(401);
  });
  test('of a disabled user is 401, and so is signing in', async () => {
    const fired = await api.signUp('fired');
    await api.db.user.update({ where: { id: fired.id }, data: { disabledAt: new Date() } });
    expect((await me(fired.authorization)).status).toBe(401);
    expect((await login({ username: 'fired', password: PASSWORD })).status).toBe(401);
  });
  test('does not carry the role: a demotion applies at once', async () => {
    const demoted = await api.signUp('demoted', { role: 'manager' });
    await api.db.user.update({ where: { id: demoted.id }, data: { role: 'user' } });
    expect((await me(demoted.authorization)).data.role).toBe('user');
    expect((await api.call('GET', '/api-keys', { as: demoted.authorization })).status).toBe(403);
  });
});

test('createAuthenticator caches a principal for two seconds by default', async () => {
  const known = await api.signUp('cached');
  const authenticate = createAuthenticator(api.db, api.tokens);
  await expect(authenticate(known.authorization)).resolves.toMatchObject({ id: known.id });
  await api.db.user.update({ where: { id: known.id }, data: { disabledAt: new Date() } });
  const end = performance.now() + 3_000;
  function isRejected() {
    return authenticate(known.authorization).then(
      () => false,
      () => true,
    );
  }
  while (!(await isRejected()) && performance.now() < end) await pause(50);
  await expect(isRejected()).resolves.toBe(true);
});
