import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestIdentity, PASSWORD, type TestIdentity } from '../testing.ts';
import type { UserAccount } from './user.ts';

type SignedUp = Awaited<ReturnType<TestIdentity['signUp']>>;

let api: TestIdentity;
let admin: SignedUp;
let manager: SignedUp;
let member: SignedUp;
let otherManager: SignedUp;
let otherMember: SignedUp;
/** Without an organization. */
let unassigned: SignedUp;
/** A user of the manager's organization, new for each test. */
let target: SignedUp;
let count = 0;
beforeAll(async () => {
  api = await createTestIdentity();
  admin = await api.signUp('root', { role: 'admin' });
  manager = await api.signUp('boss', { role: 'manager' });
  member = await api.signUp('member', {}, manager.authorization);
  otherManager = await api.signUp('other-boss', { role: 'manager' });
  otherMember = await api.signUp('other-member', {}, otherManager.authorization);
  unassigned = await api.signUp('unassigned');
});
beforeEach(async () => {
  count += 1;
  target = await api.signUp(`target-${count}`, { name: 'Old Name' }, manager.authorization);
});
afterAll(() => api.close());

function put(as: string | undefined, id: number | string, body: unknown) {
  return api.call<UserAccount>('PUT', `/users/${id}`, { as, body });
}
const change = (as: string, body: object) => put(as, target.id, body);
const read = (as: string, id: number) => api.call<UserAccount>('GET', `/users/${id}`, { as });
const now = async () => (await read(admin.authorization, target.id)).data;
const me = async (as: string) => (await api.call('GET', '/auth/me', { as })).status;
async function login(username: string, password = PASSWORD) {
  return (await api.call('POST', '/auth/login', { body: { username, password } })).status;
}

describe.each([
  ['a manager', () => manager.authorization],
  ['an admin', () => admin.authorization],
])('PUT /users/:id by %s', (_name, as) => {
  test.each([
    { email: 'Moved.Once@example.com' },
    { name: 'New Name' },
    { name: null },
    { role: 'manager' },
    { disabled: true },
    { disabled: false },
  ])('updates %j and nothing else', async (body) => {
    const before = await now();
    const { status, data } = await change(as(), body);
    expect(status).toBe(200);
    expect(data).toEqual({ ...before, ...body });
    expect(await now()).toEqual(data);
    await change(as(), { email: `${target.username}@example.com` });
  });
  test('updates several fields at once', async () => {
    const body = { name: 'Two', role: 'manager', disabled: true };
    expect((await change(as(), body)).data).toMatchObject(body);
  });
  test('the email of another user, in any case, is 409 and names email', async () => {
    const { status, error } = await change(as(), { email: 'MEMBER@example.com' });
    expect([status, error.details?.[0]?.field]).toEqual([409, 'email']);
    expect((await change(as(), { email: `${target.username}@EXAMPLE.com` })).status).toBe(200);
  });
  test('an unknown user is 404', async () => {
    expect((await put(as(), 999_999, { name: 'x' })).status).toBe(404);
  });
  test.each([
    ['id', { id: 1 }],
    ['created_at', { created_at: '2020-01-01T00:00:00Z' }],
    ['username', { username: 'renamed' }],
    ['color', { name: 'x', color: 'red' }],
    ['email', { email: 'not an address' }],
    ['email', { email: null }],
    ['name', { name: ' ' }],
    ['name', { name: 'nul\0' }],
    ['role', { role: 'root' }],
    ['role', { role: null }],
    ['org_id', { org_id: 0 }],
    ['org_id', { org_id: '5' }],
    ['disabled', { disabled: 'true' }],
    ['disabled', { disabled: null }],
    ['password', { password: 'short' }],
    ['', {}],
  ])('an invalid %s is 400 and named in the details: %j', async (field, body) => {
    const { status, error } = await change(as(), body);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

test('an admin can move a user to another organization, which must exist', async () => {
  const org_id = otherManager.org_id!;
  expect((await change(admin.authorization, { org_id })).data.org_id).toBe(org_id);
  expect((await read(manager.authorization, target.id)).status).toBe(404);
  expect((await change(admin.authorization, { org_id: 999_999 })).status).toBe(404);
  expect((await now()).org_id).toBe(org_id);
});
test('a password set by an admin ends the sessions of the user', async () => {
  expect((await change(admin.authorization, { password: 'a password of the admin' })).status).toBe(200);
  expect(await me(target.authorization)).toBe(401);
  expect(await login(target.username)).toBe(401);
  expect(await login(target.username, 'a password of the admin')).toBe(200);
});
test('other updates do not end sessions', async () => {
  await change(manager.authorization, { name: 'x', role: 'manager', disabled: false });
  expect(await me(target.authorization)).toBe(200);
});
test('a manager cannot set passwords, appoint admins or move users to other organizations', async () => {
  for (const body of [
    { password: 'a password of the boss' },
    { role: 'admin' },
    { org_id: otherManager.org_id },
    { org_id: 1, name: 'x' },
  ])
    expect((await change(manager.authorization, body)).status).toBe(403);
  expect(await now()).toMatchObject({ role: 'user', org_id: manager.org_id, name: 'Old Name' });
  expect(await login(target.username)).toBe(200);
});
test('users of other organizations or of none are 404 for a manager', async () => {
  for (const { id } of [otherMember, otherManager, unassigned, admin])
    for (const body of [{ disabled: true }, { email: 'mine@example.com' }, { org_id: manager.org_id }])
      expect((await put(manager.authorization, id, body)).status).toBe(404);
});
test('a manager cannot update an admin of its organization', async () => {
  const body = { role: 'admin', org_id: manager.org_id };
  const helper = await api.signUp(`helper-${count}`, body, admin.authorization);
  for (const body of [{ name: 'x' }, { role: 'user' }, { disabled: true }, { org_id: null }])
    expect((await put(manager.authorization, helper.id, body)).status).toBe(403);
  expect(await me(helper.authorization)).toBe(200);
  await put(admin.authorization, helper.id, { role: 'user' });
});
test('a user cannot update anyone, including itself; a guest is 401', async () => {
  for (const { id } of [target, member]) {
    expect((await put(target.authorization, id, { role: 'admin' })).status).toBe(403);
    expect((await put(undefined, id, { name: 'x' })).status).toBe(401);
  }
});

test('disabling a user ends its sessions at once; enabled again it can sign in', async () => {
  expect(await me(target.authorization)).toBe(200);
  await change(manager.authorization, { disabled: true });
  expect(await me(target.authorization)).toBe(401);
  expect(await login(target.username)).toBe(401);
  await change(manager.authorization, { disabled: false });
  expect(await me(target.authorization)).toBe(401);
  expect(await login(target.username)).toBe(200);
});

test('a manager cannot update a user who is concurrently made an admin', async () => {
  let changing: ReturnType<typeof change> | undefined;
  await api.db.$transaction(async (tx) => {
    await tx.user.update({ where: { id: target.id }, data: { role: 'admin' } });
    changing = change(manager.authorization, { disabled: true });
    await expect.poll(() => api.isWaitingForLock(), { timeout: 5_000 }).toBe(true);
  });
  expect((await changing)?.status).toBe(403);
  expect(await me(target.authorization)).toBe(200);
  await change(admin.authorization, { role: 'user' });
});

describe('org_id null', () => {
  test('removes the user from the organization, its role and its access', async () => {
    await change(manager.authorization, { role: 'manager' });
    expect((await read(target.authorization, member.id)).status).toBe(200);
    expect((await change(manager.authorization, { org_id: null })).data).toMatchObject({
      org_id: null,
      role: 'user',
    });
    expect(await me(target.authorization)).toBe(200);
    for (const url of ['/users', `/users/${member.id}`, `/organizations/${manager.org_id}`, '/api-keys'])
      expect((await api.call('GET', url, { as: target.authorization })).status).toBe(403);
    expect((await read(manager.authorization, target.id)).status).toBe(404);
    expect((await change(manager.authorization, { org_id: manager.org_id })).status).toBe(404);
  });
  test('is 409 for a manager, who needs an organization', async () => {
    for (const as of [manager.authorization, admin.authorization])
      expect((await change(as, { org_id: null, role: 'manager' })).status).toBe(409);
    expect(await now()).toMatchObject({ org_id: manager.org_id, role: 'user' });
    expect((await put(admin.authorization, unassigned.id, { role: 'manager' })).status).toBe(409);
  });
  test('leaves the role of an admin unchanged', async () => {
    await change(admin.authorization, { role: 'admin' });
    expect((await change(admin.authorization, { org_id: null })).data).toMatchObject({
      org_id: null,
      role: 'admin',
    });
    await change(admin.authorization, { role: 'user' });
    expect((await put(admin.authorization, admin.id, { org_id: null })).data.role).toBe('admin');
  });
});

describe('the last admin', () => {
  let fresh: TestIdentity;
  let first: SignedUp;
  let second: SignedUp;
  beforeAll(async () => {
    fresh = await createTestIdentity();
    first = await fresh.signUp('first', { role: 'admin' });
    second = await fresh.signUp('second', {}, first.authorization);
  });
  afterAll(() => fresh.close());
  const update = (as: string, id: number, body: object) => fresh.call('PUT', `/users/${id}`, { as, body });
  const removals = [{ disabled: true }, { role: 'user' }, { role: 'manager', org_id: 1 }];

  test.each(removals)('cannot be removed by %j', async (body) => {
    expect((await update(first.authorization, first.id, body)).status).toBe(409);
    expect((await fresh.call('GET', '/auth/me', { as: first.authorization })).data.role).toBe('admin');
  });
  test('counts as the last one if the others are disabled', async () => {
    await update(first.authorization, second.id, { role: 'admin', disabled: true });
    for (const body of removals) expect((await update(first.authorization, first.id, body)).status).toBe(409);
    expect((await update(first.authorization, second.id, { role: 'user' })).status).toBe(200);
  });
  test.each([
    [removals[0]!, removals[0]!],
    [removals[1]!, removals[1]!],
    [removals[0]!, removals[1]!],
  ])('remains when two admins remove each other at once: %j, %j', async (ofSecond, ofFirst) => {
    const activeAdmin = { role: 'admin', disabledAt: null };
    for (let round = 0; round < 20; round += 1) {
      await fresh.db.user.updateMany({ data: activeAdmin });
      const [as, other] = [await fresh.bearer(first), await fresh.bearer(second)];
      const responses = await Promise.all([
        update(as, second.id, ofSecond),
        update(other, first.id, ofFirst),
      ]);
      expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await fresh.db.user.count({ where: { role: 'admin', disabledAt: null } })).toBe(1);
    }
  });
});
