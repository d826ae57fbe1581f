import { keyWith, testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';

const { admin, ours, theirs, unassigned } = testActors;
let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
afterAll(() => pbx.close());

describe('access to calls', () => {
  async function statuses(as: string, id: string) {
    return [
      (await calls.get(id, as)).status,
      (await calls.list({}, as)).status,
      (await pbx.send('GET', '/calls/active', { as })).status,
      (await calls.create({}, as)).status,
      (await calls.update(id, { status: 'busy' }, as)).status,
    ];
  }

  test.each([
    [ours.manager, [200, 200, 200, 201, 200]],
    [admin, [200, 200, 200, 201, 200]],
    [keyWith(['calls:write']), [200, 200, 200, 201, 200]],
    [ours.member, [200, 200, 200, 403, 403]],
    [ours.byKey, [403, 403, 403, 403, 403]],
    [unassigned, [403, 403, 403, 403, 403]],
    ['', [401, 401, 401, 401, 401]],
    // Calls of other organizations are not visible.
    [theirs.manager, [404, 200, 200, 201, 404]],
    [keyWith(['calls:write'], 'theirs'), [404, 200, 200, 201, 404]],
    [theirs.member, [404, 200, 200, 403, 403]],
  ])('%s: get, list, list active, create, update is %j', async (as, expected) => {
    const { data } = await calls.create();
    expect(await statuses(as, data.id)).toEqual(expected);
    if (expected[4] !== 200) expect((await calls.get(data.id)).data).toEqual(data);
  });

  test.each([ours.manager, keyWith(['calls:write'])])(
    '%s cannot list or create calls of another organization',
    async (as) => {
      expect((await calls.list({ org_id: `${theirs.orgId}` }, as)).status).toBe(403);
      expect((await pbx.send('GET', `/calls/active?org_id=${theirs.orgId}`, { as })).status).toBe(403);
      expect((await calls.list({ org_id: `${ours.orgId}` }, as)).status).toBe(200);
      expect((await calls.create({ org_id: theirs.orgId }, as)).status).toBe(403);
      expect((await calls.create({ org_id: ours.orgId }, as)).data.org_id).toBe(ours.orgId);
    },
  );

  test('an admin creates calls in any existing organization, by default in organization 1', async () => {
    expect((await calls.create({}, admin)).data.org_id).toBe(1);
    expect((await calls.create({ org_id: ours.orgId }, admin)).data.org_id).toBe(ours.orgId);
    const { status, error } = await calls.create({ org_id: 99 }, admin);
    expect([status, error.message]).toEqual([404, 'Organization not found: create it first.']);
  });
});

describe('an invalid field is 400 and named in the details', () => {
  test.each<[string, object]>([
    ['caller_id', { caller_id: '' }],
    ['caller_id', { caller_id: 'a\0b' }],
    ['caller_id', { caller_id: 'a\r\nb' }],
    ['caller_id', { caller_id: 'a\x7f' }],
    ['caller_id', { caller_id: '\udc00' }],
    ['caller_id', { caller_id: 'x'.repeat(256) }],
    ['caller_id', { caller_id: undefined }],
    ['recipient_id', { recipient_id: 'a\0b' }],
    ['recipient_id', { recipient_id: 'a\tb' }],
    ['recipient_id', { recipient_id: 1001 }],
    ['start_time', { start_time: '2024-01-15 10:30:00' }],
    ['start_time', { start_time: '2024-01-15T10:30:00' }],
    ['start_time', { start_time: '1969-12-31T23:59:59Z' }],
    ['start_time', { start_time: 1705314600 }],
    ['start_time', { start_time: undefined }],
    ['status', { status: 'ACTIVE' }],
    ['status', { status: undefined }],
    ['call_id', { call_id: 'a\0b' }],
    ['call_id', { call_id: '' }],
    ['call_id', { call_id: null }],
    ['call_id', { call_id: 'x'.repeat(256) }],
    ['org_id', { org_id: '1' }],
    ['org_id', { org_id: 2147483648 }],
    ['id', { id: '0192f3a4-0000-7000-8000-000000000000' }],
    ['end_time', { end_time: '2024-01-15T10:35:42Z' }],
    ['color', { color: 'red' }],
  ])('POST /calls: %s in %j', async (field, more) => {
    const { status, error } = await calls.create(more);
    expect([status, error.code, error.details?.[0]?.field]).toEqual([400, 400, field]);
  });

  test.each<[string, unknown]>([
    ['', {}],
    ['', []],
    ['end_time', { end_time: 'yesterday', status: 'busy' }],
    ['end_time', { end_time: null, status: 'busy' }],
    ['end_time', { end_time: '2024-01-15T10:29:59Z', status: 'busy' }],
    ['duration', { duration: -1, status: 'busy' }],
    ['duration', { duration: 1.5, status: 'busy' }],
    ['duration', { duration: '5', status: 'busy' }],
    ['duration', { duration: 2147483648, status: 'busy' }],
    ['duration', { duration: 5, end_time: '2024-01-15T10:30:03Z', status: 'busy' }],
    ['status', { status: 'ended' }],
    ['status', { duration: 5 }],
    ['status', { end_time: '2024-01-15T10:30:03Z' }],
    ['recording_path', { recording_path: '' }],
    ['recording_path', { recording_path: 'a\0b' }],
    ['recording_path', { recording_path: 'x'.repeat(1025) }],
    ['org_id', { org_id: 2, status: 'busy' }],
    ['call_id', { call_id: 'x', status: 'busy' }],
    ['start_time', { start_time: '2024-01-15T10:30:00Z', status: 'busy' }],
    ['id', { id: '0192f3a4-0000-7000-8000-000000000000', status: 'busy' }],
  ])('PUT /calls/:id: %s in %j', async (field, body) => {
    const { data } = await calls.create();
    const { status, error } = await calls.update(data.id, body);
    expect([status, error.details?.[0]?.field ?? '']).toEqual([400, field]);
    expect((await calls.get(data.id)).data).toEqual(data);
  });
});

test('the smallest and largest times and durations are stored', async () => {
  const { data } = await calls.create({ start_time: '9998-12-31T23:59:59.999Z' });
  expect((await calls.update(data.id, { status: 'busy' })).data.end_time).toBe('9998-12-31T23:59:59.999Z');
  const { data: first } = await calls.create({ start_time: '1970-01-01T00:00:00Z' });
  const longest = { status: 'busy', duration: 2_147_483_647 };
  expect((await calls.update(first.id, longest)).data.end_time).toBe('2038-01-19T03:14:07Z');
});

test.each(['x', '1', '%00', "'--", 'activ', '00000000-0000-0000-0000-000000000000', 'x'.repeat(5_000)])(
  'the unknown id %s is 404',
  async (id) => {
    for (const { status, error } of [await calls.get(id), await calls.update(id, { status: 'busy' })])
      expect([status, error.message]).toEqual([404, 'No such call.']);
  },
);
