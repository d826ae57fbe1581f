import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';

let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
afterAll(() => pbx.close());

describe('who may', () => {
  async function statuses(as: string, id: string) {
    return [
      (await calls.read(id, as)).status,
      (await calls.list({}, as)).status,
      (await pbx.send('GET', '/calls/active', { as })).status,
      (await calls.make({}, as)).status,
      (await calls.update(id, { status: 'busy' }, as)).status,
    ];
  }

  test.each([
    ['manager-1', [200, 200, 200, 201, 200]],
    ['admin', [200, 200, 200, 201, 200]],
    ['key-1', [200, 200, 200, 201, 200]],
    ['user-1', [200, 200, 200, 403, 403]],
    ['cdrkey-1', [403, 403, 403, 403, 403]],
    ['stray', [403, 403, 403, 403, 403]],
    ['', [401, 401, 401, 401, 401]],
    // Another organization's are not there.
    ['manager-2', [404, 200, 200, 201, 404]],
    ['key-2', [404, 200, 200, 201, 404]],
    ['user-2', [404, 200, 200, 403, 403]],
  ])('%s: read, list, list active, make, change is %j', async (as, expected) => {
    const { data } = await calls.make();
    expect(await statuses(as, data.id)).toEqual(expected);
    if (expected[4] !== 200) expect((await calls.read(data.id)).data).toEqual(data);
  });

  test.each(['manager-1', 'key-1'])('%s neither lists nor fills another organization', async (as) => {
    expect((await calls.list({ org_id: '2' }, as)).status).toBe(403);
    expect((await pbx.send('GET', '/calls/active?org_id=2', { as })).status).toBe(403);
    expect((await calls.list({ org_id: '1' }, as)).status).toBe(200);
    expect((await calls.make({ org_id: 2 }, as)).status).toBe(403);
    expect((await calls.make({ org_id: 1 }, as)).data.org_id).toBe(1);
  });

  test('an admin fills any organization that is there, the default one where it names none', async () => {
    expect((await calls.make({}, 'admin')).data.org_id).toBe(1);
    expect((await calls.make({ org_id: 2 }, 'admin')).data.org_id).toBe(2);
    const { status, error } = await calls.make({ org_id: 99 }, 'admin');
    expect([status, error.message]).toEqual([404, 'Organization not found: create it first.']);
  });
});

describe('what cannot be is 400 and names its field', () => {
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
  ])('making one: %s in %j', async (field, more) => {
    const { status, error } = await calls.make(more);
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
  ])('changing one: %s in %j', async (field, body) => {
    const { data } = await calls.make();
    const { status, error } = await calls.update(data.id, body);
    expect([status, error.details?.[0]?.field ?? '']).toEqual([400, field]);
    expect((await calls.read(data.id)).data).toEqual(data);
  });
});

test('times and durations at their bounds are stored and read', async () => {
  const { data } = await calls.make({ start_time: '9998-12-31T23:59:59.999Z' });
  expect((await calls.update(data.id, { status: 'busy' })).data.end_time).toBe('9998-12-31T23:59:59.999Z');
  const { data: first } = await calls.make({ start_time: '1970-01-01T00:00:00Z' });
  const longest = { status: 'busy', duration: 2_147_483_647 };
  expect((await calls.update(first.id, longest)).data.end_time).toBe('2038-01-19T03:14:07Z');
});

test.each(['x', '1', '%00', "'--", 'activ', '00000000-0000-0000-0000-000000000000', 'x'.repeat(5_000)])(
  '%s is the id of none: 404',
  async (id) => {
    for (const { status, error } of [await calls.read(id), await calls.update(id, { status: 'busy' })])
      expect([status, error.message]).toEqual([404, 'No such call.']);
  },
);
