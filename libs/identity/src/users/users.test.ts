import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';
import type { UserAccount } from './user.ts';
import { users } from './user.repository.ts';

type SignedUp = Awaited<ReturnType<TestIdentity['signUp']>>;

let api: TestIdentity;
let admin: SignedUp;
let manager: SignedUp;
let member: SignedUp;
let otherManager: SignedUp;
let otherMember: SignedUp;
/** Without an organization. */
let unassigned: SignedUp;
beforeAll(async () => {
  api = await createTestIdentity();
  admin = await api.signUp('root', { role: 'admin' });
  manager = await api.signUp('boss', { role: 'manager' });
  member = await api.signUp('member', { name: 'Mia Member' }, manager.authorization);
  otherManager = await api.signUp('other-boss', { role: 'manager' });
  otherMember = await api.signUp('other-member', {}, otherManager.authorization);
  unassigned = await api.signUp('unassigned');
});
afterAll(() => api.close());

function read(as: string | undefined, id: number | string) {
  return api.call<UserAccount>('GET', `/users/${id}`, { as });
}
const list = (as: string | undefined, query = '') => api.call<UserAccount[]>('GET', `/users${query}`, { as });
const names = async (as: string, query = '') => (await list(as, query)).data.map(({ username }) => username);
function put(as: string | undefined, id: number | string, body: unknown) {
  return api.call<UserAccount>('PUT', `/users/${id}`, { as, body });
}
async function login(username: string, password = PASSWORD) {
  return (await api.call('POST', '/auth/login', { body: { username, password } })).status;
}
const generatedFields = {
  id: expect.any(Number) as number,
  created_at: expect.stringMatching(/Z$/) as string,
};

describe('GET /users and /users/:id', () => {
  test('a user is shown with its name and whether it is disabled', async () => {
    const { status, data } = await read(manager.authorization, member.id);
    expect(status).toBe(200);
    expect(data).toEqual({
      ...generatedFields,
      username: 'member',
      email: 'member@example.com',
      name: 'Mia Member',
      role: 'user',
      org_id: manager.org_id,
      disabled: false,
    });
    expect((await list(manager.authorization)).data).toContainEqual(data);
  });
  test('an admin sees every user, including those without an organization', async () => {
    expect(await names(admin.authorization)).toEqual([
      'root',
      'boss',
      'member',
      'other-boss',
      'other-member',
      'unassigned',
    ]);
    for (const { id, username } of [member, otherMember, unassigned])
      expect((await read(admin.authorization, id)).data.username).toBe(username);
  });
  test('a manager sees users of its organization; others are 404 whether they exist or not', async () => {
    expect(await names(manager.authorization)).toEqual(['boss', 'member']);
    const none = await read(manager.authorization, 999_999);
    for (const { id } of [otherMember, otherManager, unassigned, admin]) {
      const { status, error } = await read(manager.authorization, id);
      expect([status, error.message]).toEqual([404, none.error.message]);
    }
  });
  test('users, managers without an organization and keys are 403, guests are 401', async () => {
    const { data } = await api.call<{ key: string }>('POST', '/api-keys', {
      as: manager.authorization,
      body: { name: 'k', scopes: ['cdr:write'] },
    });
    const lost = await api.signUp('lost');
    await api.db.user.update({ where: { id: lost.id }, data: { role: 'manager' } });
    for (const [as, status] of [
      [member.authorization, 403],
      [unassigned.authorization, 403],
      [lost.authorization, 403],
      [`Bearer ${data.key}`, 403],
      [undefined, 401],
    ] as const) {
      expect((await list(as)).status).toBe(status);
      expect((await read(as, member.id)).status).toBe(status);
    }
    await api.db.user.delete({ where: { id: lost.id } });
  });
  test.each(['0', '-1', 'x', '1.5', '2147483648', '%00', "1'--"])(
    'GET and PUT /users/%s are 400',
    async (id) => {
      expect((await read(admin.authorization, id)).status).toBe(400);
      expect((await put(admin.authorization, id, { name: 'x' })).status).toBe(400);
    },
  );
});

describe('the filters of GET /users', () => {
  let as: string;
  beforeAll(async () => {
    const boss = await api.signUp('list-boss', { role: 'manager' });
    as = boss.authorization;
    for (const username of ['list_a', 'list-b', 'list.c']) await api.register(username, {}, as);
    const { data } = await api.register('gone', { name: '100% \\o/ Gone', email: 'left@example.org' }, as);
    await put(as, data.id, { disabled: true });
  });

  test.each([
    ['?role=manager', ['list-boss']],
    ['?role=user', ['list_a', 'list-b', 'list.c', 'gone']],
    ['?role=admin', []],
    ['?disabled=true', ['gone']],
    ['?disabled=false', ['list-boss', 'list_a', 'list-b', 'list.c']],
    ['?role=user&disabled=false&text=B', ['list-b']],
    ['?text=LIST', ['list-boss', 'list_a', 'list-b', 'list.c']],
    ['?text=EXAMPLE.org', ['gone']],
    ['?text=gone', ['gone']],
    ['?text=_', ['list_a']],
    ['?text=%25', ['gone']],
    ['?text=%25%20%5C', ['gone']],
    ['?text=%5C', ['gone']],
    ['?text=l%25st', []],
    ["?text='", []],
    // Filters narrow what a manager sees; they never widen it.
    ['?text=member', []],
    ['?text=root', []],
    ['?limit=2', ['list-boss', 'list_a']],
    ['?limit=2&offset=2', ['list-b', 'list.c']],
    ['?offset=5', []],
  ])('%s returns %j', async (query, wanted) => expect(await names(as, query)).toEqual(wanted));
  test('meta.pagination has limit, offset and total', async () => {
    const { body } = await list(as, '?role=user&limit=1&offset=1');
    expect(JSON.parse(body)).toMatchObject({ meta: { pagination: { limit: 1, offset: 1, total: 4 } } });
  });
  test('org_id selects any organization for an admin, and only its own for a manager', async () => {
    const of = (user: SignedUp) => `?org_id=${user.org_id}`;
    expect(await names(admin.authorization, of(manager))).toEqual(['boss', 'member']);
    expect(await names(manager.authorization, of(manager))).toEqual(['boss', 'member']);
    expect((await list(manager.authorization, of(otherManager))).status).toBe(403);
    expect(await names(admin.authorization, '?org_id=999999')).toEqual([]);
  });
  test.each([
    ['limit', '?limit=0'],
    ['limit', '?limit=501'],
    ['offset', '?offset=-1'],
    ['offset', '?offset=1000001'],
    ['role', '?role=root'],
    ['disabled', '?disabled=perhaps'],
    ['text', '?text='],
    ['text', '?text=%00'],
    ['org_id', '?org_id=0'],
    ['rol', '?rol=user'],
  ])('an invalid %s is 400 and named in the details: %s', async (field, query) => {
    const { status, error } = await list(as, query);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('POST /users', () => {
  function add(as: string | undefined, username: string, more: object = {}) {
    return api.call<UserAccount>('POST', '/users', {
      as,
      body: { username, email: `${username}@example.com`, password: PASSWORD, ...more },
    });
  }

  test('lets a manager create a user of its organization, who can sign in', async () => {
    const { status, data } = await add(manager.authorization, 'added', { name: 'Ada' });
    expect(status).toBe(201);
    expect(data).toEqual({
      ...generatedFields,
      username: 'added',
      email: 'added@example.com',
      name: 'Ada',
      role: 'user',
      org_id: manager.org_id,
      disabled: false,
    });
    expect(await login('added')).toBe(200);
  });
  test('lets an admin create any role in any organization', async () => {
    const org_id = otherManager.org_id!;
    expect((await add(admin.authorization, 'sent', { role: 'manager', org_id })).data).toMatchObject({
      role: 'manager',
      org_id,
    });
    expect((await add(admin.authorization, 'nowhere', { org_id: 999_999 })).status).toBe(404);
  });
  test('applies the rules of registration', async () => {
    expect((await add(manager.authorization, 'x-admin', { role: 'admin' })).status).toBe(403);
    const org_id = otherManager.org_id!;
    expect((await add(manager.authorization, 'x-other', { org_id })).status).toBe(403);
    for (const as of [member.authorization, unassigned.authorization])
      expect((await add(as, 'x-by-user')).status).toBe(403);
    expect((await add(undefined, 'x-by-guest')).status).toBe(401);
    expect(await api.db.user.count({ where: { username: { startsWith: 'x-' } } })).toBe(0);
  });
  test('is 403 for a manager without an organization', async () => {
    const lost = await api.signUp('lost-boss');
    await api.db.user.update({ where: { id: lost.id }, data: { role: 'manager' } });
    for (const role of ['user', 'manager'])
      expect((await add(lost.authorization, `x-by-lost-${role}`, { role })).status).toBe(403);
  });
  test.each([
    ['username', { username: 'Member', email: 'new@example.com' }],
    ['email', { email: 'Member@Example.com' }],
  ])('a taken %s is 409 and named in the details', async (field, more) => {
    const { status, error } = await add(manager.authorization, 'fresh', more);
    expect([status, error.details?.[0]?.field]).toEqual([409, field]);
  });
  test('an unknown field is 400 and named in the details', async () => {
    const { status, error } = await add(manager.authorization, 'fresh', { disabled: true });
    expect([status, error.details?.[0]?.field]).toEqual([400, 'disabled']);
  });
});

test('findDisplayNames returns the name, else the username, of users of the organization only', async () => {
  const ids = [member.id, manager.id, otherMember.id, unassigned.id, admin.id, 2_000_000_000];
  const names = await users(api.db).findDisplayNames(manager.org_id!, ids);
  expect(names.toSorted((a, b) => a.id - b.id)).toEqual([
    { id: manager.id, name: 'boss', email: 'boss@example.com' },
    { id: member.id, name: 'Mia Member', email: 'member@example.com' },
  ]);
});
