import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiKey } from './api-key.ts';
import { createAuthenticator } from '../authenticate.ts';
import { createTestIdentity, type TestIdentity } from '../testing.ts';

let api: TestIdentity;
let admin: string;
let ours: { authorization: string; org_id: number | null };
let theirs: { authorization: string; org_id: number | null };
beforeAll(async () => {
  api = await createTestIdentity();
  ({ authorization: admin } = await api.signUp('root', { role: 'admin' }));
  ours = await api.signUp('ours', { role: 'manager' });
  theirs = await api.signUp('theirs', { role: 'manager' });
});
afterAll(() => api.close());

function create(as: string, more: object = {}) {
  return api.call<ApiKey & { key: string }>('POST', '/api-keys', {
    as,
    body: { name: 'node', scopes: ['cdr:write'], ...more },
  });
}
const list = async (as: string, query = '') => api.call<ApiKey[]>('GET', `/api-keys${query}`, { as });
const remove = (as: string, id: string) => api.call('DELETE', `/api-keys/${id}`, { as });
function basic(password: string, user = 'fs-node-01') {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
/** Keys may not use this route: 403 means the credential is valid, 401 that it is not. */
const isAccepted = async (as: string) => (await api.call('GET', '/auth/me', { as })).status === 403;

test('POST /api-keys returns the key; GET /api-keys omits it', async () => {
  const { status, data } = await create(ours.authorization, { expires_at: '2099-01-01T00:00:00+02:00' });
  expect(status).toBe(201);
  expect(data).toEqual({
    id: expect.any(String) as string,
    key: expect.stringMatching(/^otk_[\w-]{64}$/) as string,
    name: 'node',
    org_id: ours.org_id,
    scopes: ['cdr:write'],
    expires_at: '2098-12-31T22:00:00Z',
    created_at: expect.any(String) as string,
  });
  const { key, ...rest } = data;
  const { data: listed, body } = await list(ours.authorization);
  expect(listed).toContainEqual(rest);
  expect(body).not.toContain(key);
});

test('the database stores a hash of the secret, not the key', async () => {
  const { data } = await create(ours.authorization);
  const row = await api.db.apiKey.findUniqueOrThrow({ where: { id: data.id } });
  expect(row.secretHash).toHaveLength(32);
  const bytes = Buffer.from(data.key.slice(4), 'base64url');
  expect(bytes.includes(Buffer.from(row.secretHash))).toBe(false);
  expect(Buffer.from(JSON.stringify(row)).includes(data.key)).toBe(false);
});

describe('a key is accepted', () => {
  let key: string;
  beforeAll(async () => {
    key = (await create(ours.authorization)).data.key;
  });
  test('as Bearer token', async () => expect(await isAccepted(`Bearer ${key}`)).toBe(true));
  test('as the password of HTTP Basic, with any username', async () => {
    expect(await isAccepted(basic(key))).toBe(true);
    expect(await isAccepted(basic(key, ''))).toBe(true);
  });
  test('not with another secret', async () => {
    const bytes = Buffer.from(key.slice(4), 'base64url');
    bytes[47]! ^= 1;
    expect(await isAccepted(`Bearer otk_${bytes.toString('base64url')}`)).toBe(false);
  });
  test.each(['otk_', 'otk_x', `otk_${'A'.repeat(64)}`, `otk_${'_'.repeat(64)}`, `otk_${'é'.repeat(64)}`])(
    'not in the form %s',
    async (other) => {
      expect(await isAccepted(`Bearer ${other}`)).toBe(false);
      expect(await isAccepted(basic(other))).toBe(false);
    },
  );
  test('not as the username of HTTP Basic', async () => expect(await isAccepted(basic('', key))).toBe(false));
  test('not after it has expired', async () => {
    const { data } = await create(ours.authorization);
    await api.db.apiKey.update({ where: { id: data.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await isAccepted(`Bearer ${data.key}`)).toBe(false);
  });
  test('not after it has expired, once its cache entry has expired too', async () => {
    const authenticate = createAuthenticator(api.db, api.tokens, 300);
    const { data } = await create(ours.authorization);
    await expect(authenticate(`Bearer ${data.key}`)).resolves.toMatchObject({ id: data.id });
    await api.db.apiKey.update({ where: { id: data.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    function isRejected() {
      return authenticate(`Bearer ${data.key}`).then(
        () => false,
        () => true,
      );
    }
    await expect.poll(isRejected, { timeout: 2_000 }).toBe(true);
    await expect(isRejected()).resolves.toBe(true);
  });
  test('not while its organization is disabled', async () => {
    const { data } = await create(theirs.authorization);
    function disable(disabled: boolean) {
      return api.call('PUT', `/organizations/${theirs.org_id}`, { as: admin, body: { disabled } });
    }
    await disable(true);
    expect(await isAccepted(`Bearer ${data.key}`)).toBe(false);
    expect(await isAccepted(basic(data.key))).toBe(false);
    expect(await isAccepted(`Bearer ${key}`)).toBe(true);
    await disable(false);
    expect(await isAccepted(`Bearer ${data.key}`)).toBe(true);
  });
  test('not after it was deleted', async () => {
    const { data } = await create(ours.authorization);
    const deleted = await remove(ours.authorization, data.id);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect(await isAccepted(`Bearer ${data.key}`)).toBe(false);
    expect((await remove(ours.authorization, data.id)).status).toBe(404);
  });
});

describe('access to keys', () => {
  test('a manager cannot create, list or delete keys of another organization', async () => {
    expect((await create(ours.authorization, { org_id: theirs.org_id })).status).toBe(403);
    const { data } = await create(theirs.authorization);
    expect((await remove(ours.authorization, data.id)).status).toBe(404);
    expect(await isAccepted(`Bearer ${data.key}`)).toBe(true);
    expect((await list(ours.authorization)).data.map(({ org_id }) => org_id)).not.toContain(theirs.org_id);
    expect((await list(ours.authorization, `?org_id=${theirs.org_id}`)).status).toBe(403);
  });
  test('an admin creates, lists and deletes keys of any organization, by default of the first', async () => {
    expect((await create(admin)).data.org_id).toBe(1);
    const { data } = await create(admin, { org_id: theirs.org_id });
    expect((await list(admin, `?org_id=${theirs.org_id}`)).data.map(({ id }) => id)).toContain(data.id);
    expect((await remove(admin, data.id)).status).toBe(204);
    expect((await create(admin, { org_id: 999_999 })).status).toBe(404);
  });
  test('users and keys cannot create, list or delete keys', async () => {
    const { authorization: user } = await api.signUp('member', {}, ours.authorization);
    const { data } = await create(ours.authorization, { scopes: ['cdr:write', 'metrics:write'] });
    for (const as of [user, `Bearer ${data.key}`]) {
      expect((await create(as)).status).toBe(403);
      expect((await list(as)).status).toBe(403);
      expect((await remove(as, data.id)).status).toBe(403);
    }
  });
});

test('GET /api-keys lists the newest first, in pages, with the total', async () => {
  const { authorization: as } = await api.signUp('lister', { role: 'manager' });
  const created = [];
  for (const name of ['one', 'two', 'three']) created.unshift((await create(as, { name })).data.id);
  const ids = async (query: string) => (await list(as, query)).data.map(({ id }) => id);
  expect(await ids('')).toEqual(created);
  expect(await ids('?limit=2')).toEqual(created.slice(0, 2));
  expect(await ids('?limit=2&offset=2')).toEqual(created.slice(2));
  expect(await ids('?offset=3')).toEqual([]);
  const { body } = await list(as, '?limit=1&offset=1');
  expect(JSON.parse(body)).toMatchObject({ meta: { pagination: { limit: 1, offset: 1, total: 3 } } });
});

test('a repeated scope is stored once', async () => {
  const scopes = ['cdr:write', 'logs:write', 'cdr:write'];
  expect((await create(ours.authorization, { scopes })).data.scopes).toEqual(['cdr:write', 'logs:write']);
});

test.each([
  ['scopes', { scopes: [] }],
  ['scopes[0]', { scopes: ['everything'] }],
  ['scopes', { scopes: 'cdr:write' }],
  ['name', { name: '' }],
  ['name', { name: 'nul\0nul' }],
  ['expires_at', { expires_at: '2099-01-01' }],
  ['expires_at', { expires_at: '2001-01-01T00:00:00Z' }],
  ['color', { color: 'red' }],
])('an invalid %s is 400 and named in the details: %j', async (field, more) => {
  const { status, error } = await create(ours.authorization, more);
  expect([status, error.details?.[0]?.field]).toEqual([400, field]);
});

test.each([
  '?limit=0',
  '?limit=501',
  '?limit=x',
  '?offset=-1',
  '?limti=5',
  "?limit=1'--",
  '?org_id=2147483648',
])('GET /api-keys%s is 400', async (query) => expect((await list(admin, query)).status).toBe(400));

test.each(['x', '%00', "'--", '1'])('DELETE /api-keys/%s is 4xx, never 500', async (id) => {
  expect((await remove(admin, id)).status).toBeLessThan(500);
});
