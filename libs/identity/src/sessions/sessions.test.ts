import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';
import { createPasswordHasher, type PasswordHasher } from '../users/password-hasher.ts';
import { changePassword } from '../users/change-password.ts';
import { refreshTokens, type SignedIn } from './session.ts';
import { signIn } from './sign-in.ts';

const NEW_PASSWORD = 'battery staple correct';

let api: TestIdentity;
let admin: string;
/** A manager of its own, new for each test. */
let user: { id: number; username: string; org_id: number | null };
let count = 0;
beforeAll(async () => {
  api = await createTestIdentity();
  ({ authorization: admin } = await api.signUp('root', { role: 'admin' }));
});
beforeEach(async () => {
  count += 1;
  user = (await api.register(`user-${count}`, { role: 'manager' })).data;
});
afterAll(() => api.close());

function login(password = PASSWORD) {
  return api.call<SignedIn>('POST', '/auth/login', { body: { username: user.username, password } });
}
const enter = async () => (await login()).data;
function refresh(refresh_token: unknown) {
  return api.call<SignedIn>('POST', '/auth/refresh', { body: { refresh_token } });
}
const bearer = ({ token }: { token: string }) => `Bearer ${token}`;
const me = async (as: string) => (await api.call('GET', '/auth/me', { as })).status;
const logout = (as: string) => api.call('POST', '/auth/logout', { as });
const sidOf = ({ token }: { token: string }) => api.app.jwt.decode<{ sid: string }>(token)!.sid;
function expire(session: SignedIn) {
  return api.db.session.update({
    where: { id: sidOf(session) },
    data: { expiresAt: new Date(Date.now() - 1) },
  });
}
async function makeKey() {
  const body = { name: 'node', scopes: ['cdr:write'] };
  const as = bearer(await enter());
  return (await api.call<{ key: string }>('POST', '/api-keys', { as, body })).data.key;
}

describe('a refresh token', () => {
  test('is exchanged for a new one and a new token of the same user', async () => {
    const first = await enter();
    const { status, data } = await refresh(first.refresh_token);
    expect(status).toBe(200);
    expect(data).toEqual({
      token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 3_600,
      refresh_token: expect.stringMatching(/^otr_/) as string,
      user: first.user,
    });
    expect(data.refresh_token).not.toBe(first.refresh_token);
    expect([await me(bearer(data)), await me(bearer(first))]).toEqual([200, 200]);
    expect((await refresh(data.refresh_token)).status).toBe(200);
  });
  test('lengthens its session', async () => {
    const session = await enter();
    const soon = new Date(Date.now() + 60_000);
    await api.db.session.update({ where: { id: sidOf(session) }, data: { expiresAt: soon } });
    await refresh(session.refresh_token);
    const { expiresAt } = await api.db.session.findUniqueOrThrow({ where: { id: sidOf(session) } });
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 86_000_000);
  });
  test('used again ends the session, with all that came of it', async () => {
    const first = await enter();
    const { data: second } = await refresh(first.refresh_token);
    const { data: third } = await refresh(second.refresh_token);
    const other = await enter();
    expect((await refresh(first.refresh_token)).status).toBe(401);
    for (const session of [first, second, third]) expect(await me(bearer(session))).toBe(401);
    expect((await refresh(third.refresh_token)).status).toBe(401);
    expect(await me(bearer(other))).toBe(200);
  });
  test('used five times at once is good for one at most, and the session is over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { refresh_token } = await enter();
      const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(refresh_token)));
      const good = answers.filter(({ status }) => status === 200);
      expect(good.length).toBeLessThan(2);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(5 - good.length);
      for (const { data } of good) expect(await me(bearer(data))).toBe(401);
    }
  });
  test('is kept as a hash only', async () => {
    const session = await enter();
    const row = await api.db.session.findUniqueOrThrow({ where: { id: sidOf(session) } });
    const bytes = Buffer.from(session.refresh_token.slice(4), 'base64url');
    expect(row.refreshHash).toHaveLength(32);
    expect(bytes.includes(Buffer.from(row.refreshHash))).toBe(false);
  });
  test('is no Bearer token and no password of HTTP Basic', async () => {
    const { refresh_token } = await enter();
    expect(await me(`Bearer ${refresh_token}`)).toBe(401);
    expect(await me(`Basic ${Buffer.from(`x:${refresh_token}`).toString('base64')}`)).toBe(401);
  });
  test('of the right session with a wrong secret is 401', async () => {
    const forged = refreshTokens.mint(sidOf(await enter())).token;
    expect((await refresh(forged)).status).toBe(401);
  });
  test.each([
    ['that is rubbish', () => 'rubbish'],
    ['of a session that is not there', () => refreshTokens.mint(uuidv7()).token],
    ['that is an access token', async () => (await enter()).token],
    ['that is an API key', makeKey],
    ['that is an API key in its clothes', async () => (await makeKey()).replace('otk_', 'otr_')],
  ])('%s is 401', async (_name, make) => expect((await refresh(await make())).status).toBe(401));
  test.each([
    ['refresh_token', {}],
    ['refresh_token', { refresh_token: '' }],
    ['refresh_token', { refresh_token: null }],
    ['refresh_token', { refresh_token: { $ne: '' } }],
    ['refresh_token', { refresh_token: 'x'.repeat(513) }],
    ['refresh_token', { refresh_token: 'nul\0' }],
    ['user_id', { refresh_token: 'x', user_id: 1 }],
  ])('what cannot be is 400 and names %s: %j', async (field, body) => {
    const { status, error } = await api.call('POST', '/auth/refresh', { body });
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('a session', () => {
  test('that has expired is over, for its token and its refresh token', async () => {
    const session = await enter();
    await expire(session);
    expect(await me(bearer(session))).toBe(401);
    expect((await refresh(session.refresh_token)).status).toBe(401);
  });
  test('that has expired is forgotten when its user signs in again, and no other is', async () => {
    const [old, live] = [await enter(), await enter()];
    await expire(old);
    await enter();
    const left = await api.db.session.findMany({ where: { userId: user.id }, select: { id: true } });
    expect(left.map(({ id }) => id)).toContain(sidOf(live));
    expect(left.map(({ id }) => id)).not.toContain(sidOf(old));
  });
  test.each<[string, () => Promise<unknown>]>([
    [
      'user is disabled',
      () => api.db.user.update({ where: { id: user.id }, data: { disabledAt: new Date() } }),
    ],
    [
      'organization is disabled',
      () => api.db.organization.update({ where: { id: user.org_id! }, data: { disabledAt: new Date() } }),
    ],
    ['user is deleted', () => api.db.user.delete({ where: { id: user.id } })],
  ])('whose %s is not refreshed, nor good any more', async (_name, happen) => {
    const session = await enter();
    await happen();
    expect((await refresh(session.refresh_token)).status).toBe(401);
    expect(await me(bearer(session))).toBe(401);
  });
  test("is nobody else's: a token that names it for another user is 401", async () => {
    const session = await enter();
    const thief = await api.signUp(`thief-${count}`);
    expect(await me(`Bearer ${api.tokens.sign(thief.id, sidOf(session))}`)).toBe(401);
    expect(await me(`Bearer ${api.tokens.sign(user.id, sidOf(session))}`)).toBe(200);
  });
});

describe('signing out', () => {
  test('ends this session and no other', async () => {
    const [here, elsewhere] = [await enter(), await enter()];
    const answer = await logout(bearer(here));
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(await me(bearer(here))).toBe(401);
    expect((await refresh(here.refresh_token)).status).toBe(401);
    expect(await me(bearer(elsewhere))).toBe(200);
    expect((await refresh(elsewhere.refresh_token)).status).toBe(200);
  });
  test('twice, or without a token, is 401', async () => {
    const session = await enter();
    await logout(bearer(session));
    expect((await logout(bearer(session))).status).toBe(401);
    expect((await api.call('POST', '/auth/logout')).status).toBe(401);
  });
});

describe('another password', () => {
  function change(as: string | undefined, body: object = {}) {
    return api.call('POST', '/auth/password', {
      as,
      body: { current_password: PASSWORD, new_password: NEW_PASSWORD, ...body },
    });
  }

  test('is the one to sign in with; other sessions end and this one lives on', async () => {
    const [here, elsewhere] = [await enter(), await enter()];
    const { status, body } = await change(bearer(here));
    expect([status, body]).toEqual([204, '']);
    expect((await login()).status).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
    expect(await me(bearer(elsewhere))).toBe(401);
    expect((await refresh(elsewhere.refresh_token)).status).toBe(401);
    expect(await me(bearer(here))).toBe(200);
    expect((await refresh(here.refresh_token)).status).toBe(200);
  });
  test('ends no session of others', async () => {
    const other = await api.signUp(`other-${count}`);
    await change(bearer(await enter()));
    expect(await me(other.authorization)).toBe(200);
  });
  test('takes the current one: a wrong one is 403, names the field and changes nothing', async () => {
    const [here, elsewhere] = [await enter(), await enter()];
    const { status, error } = await change(bearer(here), { current_password: 'wrong password' });
    expect([status, error.details?.[0]?.field]).toEqual([403, 'current_password']);
    expect((await login()).status).toBe(200);
    expect(await me(bearer(elsewhere))).toBe(200);
  });
  test('cannot be had by a user who has none', async () => {
    await api.db.user.update({ where: { id: user.id }, data: { passwordHash: null } });
    for (const current_password of [PASSWORD, 'nobody has this password'])
      expect((await change(await api.bearer(user), { current_password })).status).toBe(403);
  });
  test.each([
    ['new_password', { new_password: 'short' }],
    ['new_password', { new_password: 'x'.repeat(129) }],
    ['new_password', { new_password: `${PASSWORD}\0` }],
    ['new_password', { new_password: undefined }],
    ['current_password', { current_password: '' }],
    ['current_password', { current_password: undefined }],
    ['user_id', { user_id: 1 }],
  ])('what cannot be is 400 and names %s: %j', async (field, body) => {
    const { status, error } = await change(await api.bearer(user), body);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
  test('without a token is 401', async () => expect((await change(undefined)).status).toBe(401));
});

describe('while a password is being checked, which takes its time', () => {
  /** Passwords that something happens to between the look at the user and the answer. */
  function meanwhile(happen: () => Promise<unknown>): PasswordHasher {
    const passwords = createPasswordHasher();
    const verify: PasswordHasher['verify'] = async (hash, password) => {
      const matches = await passwords.verify(hash, password);
      await happen();
      return matches;
    };
    return { ...passwords, verify };
  }
  const put = (body: object) => api.call('PUT', `/users/${user.id}`, { as: admin, body });
  const resets = () => put({ password: NEW_PASSWORD });
  const disables = () => put({ disabled: true });

  test.each([
    ['sets another', resets],
    ['disables the user', disables],
  ])('an admin %s: no session starts', async (_name, happen) => {
    const enters = signIn(api.db, meanwhile(happen), 60)({ username: user.username, password: PASSWORD });
    await expect(enters).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await api.db.session.count({ where: { userId: user.id } })).toBe(0);
  });
  test('an admin is about to set another: no session starts', async () => {
    let entering: ReturnType<typeof login> | undefined;
    await api.db.$transaction(async (tx) => {
      await tx.user.update({ where: { id: user.id }, data: { passwordHash: 'another' } });
      entering = login();
      await expect.poll(() => api.isHeldUp(), { timeout: 5_000 }).toBe(true);
    });
    expect((await entering)?.status).toBe(401);
    expect(await api.db.session.count({ where: { userId: user.id } })).toBe(0);
  });
  test("an admin sets another: the admin's stays", async () => {
    const sessionId = sidOf(await enter());
    const changes = changePassword(api.db, meanwhile(resets))(
      { id: user.id, sessionId },
      { current_password: PASSWORD, new_password: 'what the thief wants' },
    );
    await expect(changes).rejects.toMatchObject({ code: 'forbidden' });
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });
  test('of two changes at once by one password, one is made', async () => {
    const as = await api.bearer(user);
    const wanted = ['new password one', 'new password two'];
    const answers = await Promise.all(
      wanted.map((new_password) =>
        api.call('POST', '/auth/password', { as, body: { current_password: PASSWORD, new_password } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 403]);
    const made = wanted[answers.findIndex(({ status }) => status === 204)];
    expect((await login(made)).status).toBe(200);
  });
});

test('an API key has no session, no password and no self', async () => {
  const as = `Bearer ${await makeKey()}`;
  const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  expect((await logout(as)).status).toBe(403);
  expect((await api.call('POST', '/auth/password', { as, body })).status).toBe(403);
  expect(await me(as)).toBe(403);
});

test('no answer tells a hash', async () => {
  const session = await login();
  const { passwordHash } = await api.db.user.findUniqueOrThrow({ where: { id: user.id } });
  const { refreshHash } = await api.db.session.findUniqueOrThrow({ where: { id: sidOf(session.data) } });
  const hash = Buffer.from(refreshHash);
  const as = bearer(session.data);
  const bodies = [
    session.body,
    (await refresh(session.data.refresh_token)).body,
    (await api.call('GET', '/auth/me', { as })).body,
    (await api.call('GET', '/users', { as })).body,
    (await api.call('PUT', `/users/${user.id}`, { as: admin, body: { password: NEW_PASSWORD } })).body,
  ];
  for (const secret of [passwordHash!, hash.toString('hex'), hash.toString('base64url'), 'argon2', 'hash'])
    expect(bodies.filter((body) => body.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
});
