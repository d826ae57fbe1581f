import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedOrganization } from '../seed-organization.ts';
import { createPasswordHasher } from './password-hasher.ts';
import { ensureAdmin } from './register-user.ts';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';

let api: TestIdentity;
let admin: string;
let manager: { authorization: string; org_id: number | null };

const org = async (name: string) => (await api.db.organization.create({ data: { name } })).id;

beforeAll(async () => {
  api = await createTestIdentity();
  ({ authorization: admin } = await api.signUp('root', { role: 'admin' }));
  manager = await api.signUp('boss', { role: 'manager', organization: 'Boss & Sons' });
});
afterAll(() => api.close());

describe('without a token', () => {
  test('the first admin can register while there is none; the response is the documented user', async () => {
    const fresh = await createTestIdentity();
    const { status, data } = await fresh.register('first', { role: 'admin' });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.any(Number) as number,
      username: 'first',
      email: 'first@example.com',
      role: 'admin',
      org_id: null,
      created_at: expect.stringMatching(/Z$/) as string,
    });
    expect((await fresh.register('second', { role: 'admin' })).status).toBe(403);
    await fresh.close();
  });
  test('one of ten concurrent first admins is registered', async () => {
    const fresh = await createTestIdentity();
    const names = Array.from({ length: 10 }, (_, index) => `admin-${index}`);
    const responses = await Promise.all(names.map((name) => fresh.register(name, { role: 'admin' })));
    expect(responses.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 403),
    ]);
    expect(await fresh.db.user.count()).toBe(1);
    await fresh.close();
  });
  test('a manager creates an organization with the given name, else with its username', async () => {
    async function nameOf(orgId: number | null) {
      return (await api.db.organization.findUniqueOrThrow({ where: { id: orgId! } })).name;
    }
    expect(await nameOf(manager.org_id)).toBe('Boss & Sons');
    const { data } = await api.register('solo', { role: 'manager' });
    expect(await nameOf(data.org_id)).toBe('solo');
  });
  test('the default role is user, without an organization', async () => {
    expect((await api.register('plain')).data).toMatchObject({ role: 'user', org_id: null });
    expect((await api.register('named', { role: 'user' })).data).toMatchObject({
      role: 'user',
      org_id: null,
    });
  });
  test('org_id is 403', async () => {
    for (const role of ['user', 'manager', 'admin'])
      expect((await api.register('intruder', { role, org_id: manager.org_id })).status).toBe(403);
  });
});

describe('with a token', () => {
  test('an admin registers any role in any organization', async () => {
    const orgId = await org('Elsewhere');
    expect((await api.register('admin2', { role: 'admin' }, admin)).data).toMatchObject({
      role: 'admin',
      org_id: null,
    });
    for (const role of ['user', 'manager'])
      expect((await api.register(`${role}-elsewhere`, { role, org_id: orgId }, admin)).data).toMatchObject({
        role,
        org_id: orgId,
      });
  });
  test('an unknown organization is 404, and no user is created', async () => {
    expect((await api.register('nowhere-man', { org_id: 999_999 }, admin)).status).toBe(404);
    expect(await api.db.user.count({ where: { username: 'nowhere-man' } })).toBe(0);
  });
  test('a manager registers users and managers of its own organization only', async () => {
    for (const role of ['user', 'manager'])
      expect((await api.register(`${role}-of-boss`, { role }, manager.authorization)).data).toMatchObject({
        role,
        org_id: manager.org_id,
      });
    expect((await api.register('own', { org_id: manager.org_id }, manager.authorization)).status).toBe(201);
    expect((await api.register('x-admin', { role: 'admin' }, manager.authorization)).status).toBe(403);
    expect((await api.register('x-other', { org_id: 1 }, manager.authorization)).status).toBe(403);
  });
  test('a user cannot register anyone', async () => {
    const { authorization } = await api.signUp('simple');
    for (const role of ['user', 'manager', 'admin'])
      expect((await api.register('x-by-user', { role }, authorization)).status).toBe(403);
  });
  test('an invalid token is 401, not treated as absent', async () => {
    expect((await api.register('ghost', {}, 'Bearer nonsense')).status).toBe(401);
  });
});

describe('a username or email that is taken', () => {
  test.each([
    [{ username: 'Dora' }, 'username'],
    [{ username: 'DORA', email: 'new@example.com' }, 'username'],
    [{ username: 'dora-2', email: 'Dora@Example.COM' }, 'email'],
  ])('%j is 409 and names the %s', async (body, field) => {
    await api.register('dora');
    const { status, error } = await api.register('dora', body);
    expect(status).toBe(409);
    expect(error.details?.[0]?.field).toBe(field);
  });
  test('of ten concurrent registrations of one username, one succeeds and the others are 409', async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, () => api.register('popular')));
    expect(responses.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });
  test('ten concurrent managers with one username create one organization', async () => {
    await Promise.all(Array.from({ length: 10 }, () => api.register('chief', { role: 'manager' })));
    expect(await api.db.organization.count({ where: { name: 'chief' } })).toBe(1);
  });
});

describe('an invalid field is 400 and named in the details', () => {
  test.each([
    ['color', { color: 'red' }],
    ['is_admin', { is_admin: true }],
    ['role', { role: 'root' }],
    ['role', { role: ['admin'] }],
    ['password', { password: 'short' }],
    ['password', { password: 'x'.repeat(129) }],
    ['password', { password: `${PASSWORD}\0` }],
    ['password', { password: null }],
    ['username', { username: '' }],
    ['username', { username: 'with space' }],
    ['username', { username: 'nul\0nul' }],
    ['username', { username: { $gt: '' } }],
    ['email', { email: 'not an address' }],
    ['email', { email: 'nul\0@example.com' }],
    ['organization', { role: 'manager', organization: 'nul\0nul' }],
    ['organization', { role: 'manager', organization: '   ' }],
    ['org_id', { org_id: '5' }],
    ['org_id', { org_id: 2 ** 31 }],
    ['org_id', { org_id: 1e300 }],
  ])('%s: %j', async (field, more) => {
    const { status, error } = await api.register('invalid', more);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

test('a password is stored as an Argon2id hash and not part of the response', async () => {
  const { body } = await api.register('keeper');
  const { passwordHash } = await api.db.user.findFirstOrThrow({ where: { username: 'keeper' } });
  expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(body).not.toContain('argon2');
  expect(body).not.toContain(PASSWORD);
});

describe('ensureAdmin', () => {
  test('creates the first admin, who can sign in; later calls change nothing', async () => {
    const fresh = await createTestIdentity();
    const ensure = ensureAdmin(fresh.db, createPasswordHasher());
    expect(await ensure('operator', 'operator@localhost', PASSWORD)).toBe(true);
    expect(await ensure('operator', 'operator@localhost', 'another password')).toBe(false);
    expect(await ensure('other', 'other@localhost', PASSWORD)).toBe(false);
    const { status } = await fresh.call('POST', '/auth/login', {
      body: { username: 'operator', password: PASSWORD },
    });
    expect(status).toBe(200);
    expect(await fresh.db.user.count()).toBe(1);
    await fresh.close();
  });
  test('rejects a username or email of another user', async () => {
    const fresh = await createTestIdentity();
    await fresh.register('operator');
    const ensure = ensureAdmin(fresh.db, createPasswordHasher());
    await expect(ensure('operator', 'new@localhost', PASSWORD)).rejects.toThrow('choose another');
    await fresh.close();
  });
  test('creates one admin when gateways start at once', async () => {
    const fresh = await createTestIdentity();
    const ensure = ensureAdmin(fresh.db, createPasswordHasher());
    const created = await Promise.all(
      ['a', 'b', 'a'].map((name) => ensure(`admin-${name}`, `${name}@localhost`, PASSWORD)),
    );
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await fresh.db.user.count()).toBe(1);
    await fresh.close();
  });
});

test('seedOrganization is idempotent, without a login, and generated ids continue after it', async () => {
  function seed() {
    return seedOrganization(
      api.db,
      { id: 12_345, name: 'Demo', region: 'US' },
      { id: 67_890, username: 'john.smith', name: 'John Smith', email: 'john.smith@example.com' },
    );
  }
  await seed();
  await seed();
  const { data } = await api.register('after-demo', { role: 'manager' });
  expect(data.id).toBeGreaterThan(67_890);
  expect(data.org_id).toBeGreaterThan(12_345);
  const login = await api.call('POST', '/auth/login', {
    body: { username: 'john.smith', password: PASSWORD },
  });
  expect(login.status).toBe(401);
});
