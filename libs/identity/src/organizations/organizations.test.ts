import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';
import type { SignedIn } from '../sessions/session.ts';
import type { UserAccount } from '../users/user.ts';
import { organizations } from './organization.repository.ts';
import type { Organization } from './organization.ts';

type SignedUp = Awaited<ReturnType<TestIdentity['signUp']>>;

let api: TestIdentity;
let admin: string;
/** A manager, a user of its organization, and a manager of another one: new for each test. */
let manager: SignedUp;
let member: SignedUp;
let other: SignedUp;
let count = 0;
beforeAll(async () => {
  api = await createTestIdentity();
  ({ authorization: admin } = await api.signUp('root', { role: 'admin' }));
});
beforeEach(async () => {
  count += 1;
  manager = await api.signUp(`boss-${count}`, { role: 'manager' });
  member = await api.signUp(`member-${count}`, {}, manager.authorization);
  other = await api.signUp(`other-${count}`, { role: 'manager' });
});
afterAll(() => api.close());

function create(as: string | undefined, body: object) {
  return api.call<Organization>('POST', '/organizations', { as, body });
}
function read(as: string | undefined, id: number | string | null) {
  return api.call<Organization>('GET', `/organizations/${id}`, { as });
}
function list(as: string | undefined, query = '') {
  return api.call<Organization[]>('GET', `/organizations${query}`, { as });
}
function put(as: string | undefined, id: number | string | null, body: object) {
  return api.call<Organization>('PUT', `/organizations/${id}`, { as, body });
}
function addMember(as: string | undefined, id: number | string | null, username: string) {
  return api.call<UserAccount>('POST', `/organizations/${id}/members`, { as, body: { username } });
}
const me = (as: string) => api.call('GET', '/auth/me', { as });
function login(username: string) {
  return api.call<SignedIn>('POST', '/auth/login', { body: { username, password: PASSWORD } });
}
async function createKey() {
  const body = { name: 'node', scopes: ['cdr:write'] };
  const { data } = await api.call<{ key: string }>('POST', '/api-keys', { as: manager.authorization, body });
  return `Bearer ${data.key}`;
}

describe('POST /organizations', () => {
  test('lets an admin create one, with or without a region', async () => {
    const { status, data } = await create(admin, { name: ' Acme ', region: 'DE' });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.any(Number) as number,
      name: 'Acme',
      region: 'DE',
      retention_days: null,
      disabled: false,
      created_at: expect.stringMatching(/Z$/) as string,
    });
    expect((await read(admin, data.id)).data).toEqual(data);
    expect((await create(admin, { name: 'Bare' })).data.region).toBeNull();
  });
  test('is 403 for managers, users and keys, and 401 for guests', async () => {
    for (const as of [manager.authorization, member.authorization, await createKey()])
      expect((await create(as, { name: 'Mine' })).status).toBe(403);
    expect((await create(undefined, { name: 'Mine' })).status).toBe(401);
    expect(await api.db.organization.count({ where: { name: 'Mine' } })).toBe(0);
  });
  test.each([
    ['name', {}],
    ['name', { name: '  ' }],
    ['name', { name: 'nul\0' }],
    ['name', { name: 'x'.repeat(129) }],
    ['region', { name: 'x', region: 'ZZ' }],
    ['region', { name: 'x', region: '' }],
    ['disabled', { name: 'x', disabled: true }],
    ['id', { name: 'x', id: 7 }],
  ])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const { status, error } = await create(admin, body);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('GET /organizations', () => {
  test('lists every organization by id, in pages, for an admin', async () => {
    const { data, body } = await list(admin, '?limit=2');
    expect(data.map(({ id, name }) => [id, name])[0]).toEqual([1, 'Default']);
    const total = await api.db.organization.count();
    expect(JSON.parse(body)).toMatchObject({ meta: { pagination: { limit: 2, offset: 0, total } } });
    const ids = (await list(admin)).data.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect((await list(admin, '?limit=2&offset=2')).data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
  });
  test('shows a manager its own; others are 404 whether they exist or not', async () => {
    const { data } = await read(manager.authorization, manager.org_id);
    expect(data).toMatchObject({ id: manager.org_id, name: manager.username, disabled: false });
    const page = await list(manager.authorization);
    expect(page.data).toEqual([data]);
    expect(JSON.parse(page.body)).toMatchObject({ meta: { pagination: { total: 1 } } });
    const none = await read(manager.authorization, 999_999);
    for (const id of [1, other.org_id]) {
      const { status, error } = await read(manager.authorization, id);
      expect([status, error.message]).toEqual([404, none.error.message]);
    }
  });
  test('is 403 for users and keys, and 401 for guests', async () => {
    for (const [as, status] of [
      [member.authorization, 403],
      [await createKey(), 403],
      [undefined, 401],
    ] as const) {
      expect((await list(as)).status).toBe(status);
      expect((await read(as, manager.org_id)).status).toBe(status);
    }
  });
  test.each(['?limit=0', '?limit=501', '?offset=-1', '?org_id=1', '?limti=5'])(
    'GET /organizations%s is 400',
    async (query) => expect((await list(admin, query)).status).toBe(400),
  );
  test.each(['0', 'x', '1.5', '2147483648', '%00'])('/organizations/%s is 400', async (id) => {
    expect((await read(admin, id)).status).toBe(400);
    expect((await put(admin, id, { name: 'x' })).status).toBe(400);
    expect((await addMember(admin, id, 'anyone')).status).toBe(400);
  });
});

describe('PUT /organizations/:id', () => {
  test.each([
    { name: 'New Name' },
    { region: 'NZ' },
    { name: 'Both', region: 'GB' },
    { region: null },
    { retention_days: 365 },
    { retention_days: null },
  ])('lets a manager update its own: %j', async (body) => {
    const before = (await put(admin, manager.org_id, { region: 'US' })).data;
    const { status, data } = await put(manager.authorization, manager.org_id, body);
    expect([status, data]).toEqual([200, { ...before, ...body }]);
    expect((await read(admin, manager.org_id)).data).toEqual(data);
  });
  test('is 403 for a manager who sets disabled', async () => {
    for (const disabled of [true, false])
      expect((await put(manager.authorization, manager.org_id, { name: 'x', disabled })).status).toBe(403);
    expect((await read(admin, manager.org_id)).data).toMatchObject({
      disabled: false,
      name: manager.username,
    });
  });
  test('lets an admin update any; others are 404 for a manager, whatever the body', async () => {
    for (const id of [1, other.org_id, 999_999])
      for (const body of [{ name: 'Mine' }, { disabled: true }])
        expect((await put(manager.authorization, id, body)).status).toBe(404);
    expect((await put(admin, other.org_id, { name: 'Theirs' })).data.name).toBe('Theirs');
    expect((await put(admin, 999_999, { name: 'x' })).status).toBe(404);
  });
  test('is 403 for users and keys, and 401 for guests', async () => {
    for (const as of [member.authorization, await createKey()])
      expect((await put(as, manager.org_id, { name: 'x' })).status).toBe(403);
    expect((await put(undefined, manager.org_id, { name: 'x' })).status).toBe(401);
  });
  test.each([
    ['', {}],
    ['name', { name: '' }],
    ['name', { name: null }],
    ...['ZZ', 'us', 'USA', '', '001', 'toString', '__proto__', 1].map((region) => ['region', { region }]),
    ...[0, 1.5, 36_501, '30'].map((retention_days) => ['retention_days', { retention_days }]),
    ['disabled', { disabled: null }],
    ['id', { id: 7 }],
    ['created_at', { created_at: '2020-01-01T00:00:00Z' }],
  ] as [string, object][])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const { status, error } = await put(admin, manager.org_id, body);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
  test('cannot disable the default organization', async () => {
    expect((await put(admin, 1, { disabled: true })).status).toBe(409);
    expect((await put(admin, 1, { disabled: false })).data).toMatchObject({ id: 1, disabled: false });
  });
});

describe('a disabled organization', () => {
  const disable = (disabled: boolean) => put(admin, manager.org_id, { disabled });

  test('locks out its users, their logins and its keys until it is enabled', async () => {
    const key = await createKey();
    const session = (await login(member.username)).data;
    expect((await disable(true)).data.disabled).toBe(true);
    for (const as of [manager.authorization, member.authorization, `Bearer ${session.token}`, key])
      expect((await me(as)).status).toBe(401);
    expect((await login(member.username)).status).toBe(401);
    expect((await api.register('x-new', {}, manager.authorization)).status).toBe(401);

    expect((await disable(false)).data.disabled).toBe(false);
    for (const as of [manager.authorization, member.authorization, `Bearer ${session.token}`])
      expect((await me(as)).status).toBe(200);
    expect((await me(key)).status).toBe(403);
    expect((await login(member.username)).status).toBe(200);
  });
  test('does not lock out other organizations, nor an admin who belongs to it', async () => {
    const helper = await api.signUp(`helper-${count}`, { role: 'admin', org_id: manager.org_id }, admin);
    await disable(true);
    expect((await me(helper.authorization)).status).toBe(200);
    expect((await login(helper.username)).status).toBe(200);
    expect((await me(other.authorization)).status).toBe(200);
  });
});

describe('POST /organizations/:id/members', () => {
  test('adds an unassigned user by username, ignoring case; its tokens apply at once', async () => {
    const free = await api.signUp(`free-${count}`);
    const { status, data } = await addMember(manager.authorization, manager.org_id, `FREE-${count}`);
    expect(status).toBe(200);
    expect(data).toMatchObject({ id: free.id, role: 'user', org_id: manager.org_id, disabled: false });
    expect((await me(free.authorization)).data.org_id).toBe(manager.org_id);
    expect((await addMember(other.authorization, other.org_id, free.username)).status).toBe(404);
  });
  test('lets an admin add members to any existing organization', async () => {
    const free = await api.signUp(`free-${count}`);
    expect((await addMember(admin, 999_999, free.username)).status).toBe(404);
    expect((await addMember(admin, other.org_id, free.username)).data.org_id).toBe(other.org_id);
  });
  test('resets the role of the new member to user', async () => {
    const free = await api.signUp(`free-${count}`);
    await api.db.user.update({ where: { id: free.id }, data: { role: 'manager' } });
    expect((await addMember(manager.authorization, manager.org_id, free.username)).data.role).toBe('user');
  });
  test('is the same 404 for unknown usernames, other members, disabled users and admins', async () => {
    const disabled = await api.signUp(`disabled-${count}`);
    await api.db.user.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
    const names = ['nobody', other.username, member.username, disabled.username, 'root'];
    const responses = await Promise.all(
      names.map((name) => addMember(manager.authorization, manager.org_id, name)),
    );
    expect(responses.map(({ status }) => status)).toEqual(names.map(() => 404));
    expect(new Set(responses.map(({ error }) => error.message)).size).toBe(1);
    expect((await me(admin)).data).toMatchObject({ role: 'admin', org_id: null });
    expect((await me(other.authorization)).data.org_id).toBe(other.org_id);
  });
  test('is for managers of the organization only', async () => {
    const free = await api.signUp(`free-${count}`);
    for (const id of [other.org_id, 1, 999_999])
      expect((await addMember(manager.authorization, id, free.username)).status).toBe(404);
    expect((await addMember(member.authorization, manager.org_id, free.username)).status).toBe(403);
    expect((await addMember(free.authorization, manager.org_id, free.username)).status).toBe(403);
    expect((await addMember(await createKey(), manager.org_id, free.username)).status).toBe(403);
    expect((await addMember(undefined, manager.org_id, free.username)).status).toBe(401);
    expect((await me(free.authorization)).data.org_id).toBeNull();
  });
  test('succeeds for one of two managers at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const free = await api.signUp(`popular-${round}`);
      const responses = await Promise.all(
        [manager, other].map((by) => addMember(by.authorization, by.org_id, free.username)),
      );
      expect(responses.map(({ status }) => status).sort()).toEqual([200, 404]);
      const winner = responses[0]!.status === 200 ? manager : other;
      expect((await me(free.authorization)).data.org_id).toBe(winner.org_id);
    }
  });
  test.each([
    ['username', {}],
    ['username', { username: '%' }],
    ['username', { username: 7 }],
    ['role', { username: 'anyone', role: 'manager' }],
  ])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const url = `/organizations/${manager.org_id}/members`;
    const { status, error } = await api.call('POST', url, { as: manager.authorization, body });
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

test('listRetentionDays and findRegions return null for organizations without a setting', async () => {
  const { data: own } = await create(admin, { name: 'Own', region: 'DE', retention_days: 30 });
  const { data: none } = await create(admin, { name: 'None' });
  const retention = await organizations(api.db).listRetentionDays();
  expect(retention).toContainEqual({ id: own.id, retentionDays: 30 });
  expect(retention).toContainEqual({ id: none.id, retentionDays: null });
  const regions = await organizations(api.db).findRegions([own.id, none.id, 999_999]);
  expect([...regions].sort(([a], [b]) => a - b)).toEqual([
    [own.id, 'DE'],
    [none.id, null],
  ]);
});
