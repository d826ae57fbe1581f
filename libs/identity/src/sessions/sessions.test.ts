import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';
import { createSignInThrottle } from './create-sign-in-throttle.ts';
import { createPasswordHasher, type PasswordHasher } from '../users/password-hasher.ts';
import { changePassword } from '../users/change-password.ts';
import { refreshTokens, type SignedIn } from './session.ts';
import { signIn } from './sign-in.ts';

const NEW_PASSWORD = 'battery staple correct';

let api: TestIdentity;
let admin: string;
/** A manager of its own organization, new for each test. */
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
const startSession = async () => (await login()).data;
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
async function createKey() {
  const body = { name: 'node', scopes: ['cdr:write'] };
  const as = bearer(await startSession());
  return (await api.call<{ key: string }>('POST', '/api-keys', { as, body })).data.key;
}

describe('a refresh token', () => {
  test('is exchanged for a new one and a new access token of the same user', async () => {
    const first = await startSession();
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
  test('extends its session', async () => {
    const session = await startSession();
    const soon = new Date(Date.now() + 60_000);
    await api.db.session.update({ where: { id: sidOf(session) }, data: { expiresAt: soon } });
    await refresh(session.refresh_token);
    const { expiresAt } = await api.db.session.findUniqueOrThrow({ where: { id: sidOf(session) } });
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 86_000_000);
  });
  test('used twice ends the session and invalidates every token of it', async () => {
    const first = await startSession();
    const { data: second } = await refresh(first.refresh_token);
    const { data: third } = await refresh(second.refresh_token);
    const other = await startSession();
    expect((await refresh(first.refresh_token)).status).toBe(401);
    for (const session of [first, second, third]) expect(await me(bearer(session))).toBe(401);
    expect((await refresh(third.refresh_token)).status).toBe(401);
    expect(await me(bearer(other))).toBe(200);
  });
  test('used five times at once succeeds at most once, and the session ends', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { refresh_token } = await startSession();
      const responses = await Promise.all(Array.from({ length: 5 }, () => refresh(refresh_token)));
      const accepted = responses.filter(({ status }) => status === 200);
      expect(accepted.length).toBeLessThan(2);
      expect(responses.filter(({ status }) => status === 401)).toHaveLength(5 - accepted.length);
      for (const { data } of accepted) expect(await me(bearer(data))).toBe(401);
    }
  });
  test('is stored as a hash only', async () => {
    const session = await startSession();
    const row = await api.db.session.findUniqueOrThrow({ where: { id: sidOf(session) } });
    const bytes = Buffer.from(session.refresh_token.slice(4), 'base64url');
    expect(row.refreshHash).toHaveLength(32);
    expect(bytes.includes(Buffer.from(row.refreshHash))).toBe(false);
  });
  test('is not accepted as Bearer token or as HTTP Basic password', async () => {
    const { refresh_token } = await startSession();
    expect(await me(`Bearer ${refresh_token}`)).toBe(401);
    expect(await me(`Basic ${Buffer.from(`x:${refresh_token}`).toString('base64')}`)).toBe(401);
  });
  test('of the right session with a wrong secret is 401', async () => {
    const forged = refreshTokens.mint(sidOf(await startSession())).token;
    expect((await refresh(forged)).status).toBe(401);
  });
  test.each([
    ['that is malformed', () => 'malformed'],
    ['of an unknown session', () => refreshTokens.mint(uuidv7()).token],
    ['that is an access token', async () => (await startSession()).token],
    ['that is an API key', createKey],
    ['that is an API key with the prefix replaced', async () => (await createKey()).replace('otk_', 'otr_')],
  ])('%s is 401', async (_name, create) => expect((await refresh(await create())).status).toBe(401));
  test.each([
    ['refresh_token', {}],
    ['refresh_token', { refresh_token: '' }],
    ['refresh_token', { refresh_token: null }],
    ['refresh_token', { refresh_token: { $ne: '' } }],
    ['refresh_token', { refresh_token: 'x'.repeat(513) }],
    ['refresh_token', { refresh_token: 'nul\0' }],
    ['user_id', { refresh_token: 'x', user_id: 1 }],
  ])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const { status, error } = await api.call('POST', '/auth/refresh', { body });
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('a session', () => {
  test('that has expired rejects its access token and its refresh token', async () => {
    const session = await startSession();
    await expire(session);
    expect(await me(bearer(session))).toBe(401);
    expect((await refresh(session.refresh_token)).status).toBe(401);
  });
  test('that has expired is deleted when its user signs in again; others stay', async () => {
    const [old, live] = [await startSession(), await startSession()];
    await expire(old);
    await startSession();
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
  ])('whose %s cannot be refreshed, and its access token is 401', async (_name, act) => {
    const session = await startSession();
    await act();
    expect((await refresh(session.refresh_token)).status).toBe(401);
    expect(await me(bearer(session))).toBe(401);
  });
  test('belongs to its user: a token with another subject is 401', async () => {
    const session = await startSession();
    const thief = await api.signUp(`thief-${count}`);
    expect(await me(`Bearer ${api.tokens.sign(thief.id, sidOf(session))}`)).toBe(401);
    expect(await me(`Bearer ${api.tokens.sign(user.id, sidOf(session))}`)).toBe(200);
  });
});

describe('POST /auth/logout', () => {
  test('ends this session only', async () => {
    const [here, elsewhere] = [await startSession(), await startSession()];
    const response = await logout(bearer(here));
    expect([response.status, response.body]).toEqual([204, '']);
    expect(await me(bearer(here))).toBe(401);
    expect((await refresh(here.refresh_token)).status).toBe(401);
    expect(await me(bearer(elsewhere))).toBe(200);
    expect((await refresh(elsewhere.refresh_token)).status).toBe(200);
  });
  test('twice, or without a token, is 401', async () => {
    const session = await startSession();
    await logout(bearer(session));
    expect((await logout(bearer(session))).status).toBe(401);
    expect((await api.call('POST', '/auth/logout')).status).toBe(401);
  });
});

describe('POST /auth/password', () => {
  function change(as: string | undefined, body: object = {}) {
    return api.call('POST', '/auth/password', {
      as,
      body: { current_password: PASSWORD, new_password: NEW_PASSWORD, ...body },
    });
  }

  test('changes the password; other sessions end and this one continues', async () => {
    const [here, elsewhere] = [await startSession(), await startSession()];
    const { status, body } = await change(bearer(here));
    expect([status, body]).toEqual([204, '']);
    expect((await login()).status).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
    expect(await me(bearer(elsewhere))).toBe(401);
    expect((await refresh(elsewhere.refresh_token)).status).toBe(401);
    expect(await me(bearer(here))).toBe(200);
    expect((await refresh(here.refresh_token)).status).toBe(200);
  });
  test('does not end sessions of other users', async () => {
    const other = await api.signUp(`other-${count}`);
    await change(bearer(await startSession()));
    expect(await me(other.authorization)).toBe(200);
  });
  test('with a wrong current_password is 403, names the field and changes nothing', async () => {
    const [here, elsewhere] = [await startSession(), await startSession()];
    const { status, error } = await change(bearer(here), { current_password: 'wrong password' });
    expect([status, error.details?.[0]?.field]).toEqual([403, 'current_password']);
    expect((await login()).status).toBe(200);
    expect(await me(bearer(elsewhere))).toBe(200);
  });
  test('is 403 for a user without a password', async () => {
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
  ])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const { status, error } = await change(await api.bearer(user), body);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
  test('without a token is 401', async () => expect((await change(undefined)).status).toBe(401));
});

describe('while a password is being verified', () => {
  /** A hasher that runs `interfere` between reading the user and the result of `verify`. */
  function hasherInterruptedBy(interfere: () => Promise<unknown>): PasswordHasher {
    const passwords = createPasswordHasher();
    const verify: PasswordHasher['verify'] = async (hash, password) => {
      const matches = await passwords.verify(hash, password);
      await interfere();
      return matches;
    };
    return { ...passwords, verify };
  }
  const put = (body: object) => api.call('PUT', `/users/${user.id}`, { as: admin, body });
  const resetPassword = () => put({ password: NEW_PASSWORD });
  const disableUser = () => put({ disabled: true });

  test.each([
    ['resets it', resetPassword],
    ['disables the user', disableUser],
  ])('an admin %s: no session starts', async (_name, interfere) => {
    const startSession = signIn({
      db: api.db,
      passwords: hasherInterruptedBy(interfere),
      throttle: createSignInThrottle(),
      lifetimeSeconds: 60,
    });
    const credentials = { username: user.username, password: PASSWORD };
    const signingIn = startSession(credentials, { address: '192.0.2.1' });
    await expect(signingIn).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await api.db.session.count({ where: { userId: user.id } })).toBe(0);
  });
  test('an admin is resetting it in an open transaction: no session starts', async () => {
    let signingIn: ReturnType<typeof login> | undefined;
    await api.db.$transaction(async (tx) => {
      await tx.user.update({ where: { id: user.id }, data: { passwordHash: 'another' } });
      signingIn = login();
      await expect.poll(() => api.isWaitingForLock(), { timeout: 5_000 }).toBe(true);
    });
    expect((await signingIn)?.status).toBe(401);
    expect(await api.db.session.count({ where: { userId: user.id } })).toBe(0);
  });
  test('an admin resets it: the reset wins over a change by the user', async () => {
    const sessionId = sidOf(await startSession());
    const changing = changePassword(api.db, hasherInterruptedBy(resetPassword))(
      { id: user.id, sessionId },
      { current_password: PASSWORD, new_password: 'what the thief wants' },
    );
    await expect(changing).rejects.toMatchObject({ code: 'forbidden' });
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });
  test('only one of two concurrent changes with the same current password succeeds', async () => {
    const as = await api.bearer(user);
    const wanted = ['new password one', 'new password two'];
    const responses = await Promise.all(
      wanted.map((new_password) =>
        api.call('POST', '/auth/password', { as, body: { current_password: PASSWORD, new_password } }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 403]);
    const accepted = wanted[responses.findIndex(({ status }) => status === 204)];
    expect((await login(accepted)).status).toBe(200);
  });
});

test('API keys cannot sign out, change a password or get the current user', async () => {
  const as = `Bearer ${await createKey()}`;
  const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  expect((await logout(as)).status).toBe(403);
  expect((await api.call('POST', '/auth/password', { as, body })).status).toBe(403);
  expect(await me(as)).toBe(403);
});

test('no response contains a password or token hash', async () => {
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
