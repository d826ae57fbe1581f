import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';
import type { Call } from './call.ts';

const { admin, ours, theirs } = testActors;
let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
  const at = (minute: number) => `2024-01-15T10:${minute}:00Z`;
  await calls.create({ call_id: 'c30', start_time: at(30) });
  await calls.create({ call_id: 'c32', start_time: at(32), status: 'busy', caller_id: '50%_\\off' });
  await calls.create({ call_id: 'C31', start_time: at(31), caller_id: 'sip:Änne@example.com' });
  await calls.create({ start_time: at(31), recipient_id: '+14155550000', status: 'completed' });
  await calls.create({ call_id: 'theirs', start_time: at(40) }, theirs.manager);
});
afterAll(() => pbx.close());

const idsOf = (data: Call[]) => data.map(({ call_id }) => call_id);
const ids = async (query: Record<string, string>, as = ours.member) =>
  idsOf((await calls.list(query, as)).data);

describe('GET /calls', () => {
  test('lists the newest first, with the exact total and the page in meta', async () => {
    const { data, meta } = await calls.list({}, ours.member);
    expect(idsOf(data)).toEqual(['c32', null, 'C31', 'c30']);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 4 });
    const page = await pbx.send<Call[]>('GET', '/calls?limit=2&offset=1');
    expect(page.data).toEqual(data.slice(1, 3));
    expect(page.meta.pagination).toEqual({ limit: 2, offset: 1, total: 4 });
    expect((await calls.list({ offset: '4' })).data).toEqual([]);
  });

  test('lists every organization for an admin, or the selected one', async () => {
    expect(await ids({}, admin)).toEqual(['theirs', 'c32', null, 'C31', 'c30']);
    expect(await ids({ org_id: `${theirs.orgId}` }, admin)).toEqual(['theirs']);
    expect(await ids({ org_id: '99' }, admin)).toEqual([]);
  });

  test.each<[Record<string, string>, (string | null)[]]>([
    [{ status: 'active' }, ['C31', 'c30']],
    [{ status: 'busy' }, ['c32']],
    [{ status: 'failed' }, []],
    [{ from: '2024-01-15T10:31:00Z' }, ['c32', null, 'C31']],
    [{ to: '2024-01-15T12:31:00+02:00' }, [null, 'C31', 'c30']],
    [{ from: '2024-01-15T10:31:00Z', to: '2024-01-15T10:31:00Z' }, [null, 'C31']],
    [{ call_id: 'c30' }, ['c30']],
    [{ call_id: 'theirs' }, []],
    [{ caller_id: 'sip:Änne@example.com' }, ['C31']],
    [{ caller_id: 'sip:änne@example.com' }, []],
    [{ caller_id: '+14155551234', status: 'active' }, ['c30']],
    [{ recipient_id: '+14155550000' }, [null]],
    [{ recipient_id: '1001' }, ['c32', 'C31', 'c30']],
    [{ text: 'c3' }, ['c32', 'C31', 'c30']],
    [{ text: 'äNNE' }, ['C31']],
    [{ text: '50000' }, [null]],
    [{ text: '%' }, ['c32']],
    [{ text: '_' }, ['c32']],
    [{ text: '\\' }, ['c32']],
    [{ text: "x' OR '1'='1" }, []],
    [{ caller_id: "' OR TRUE --" }, []],
  ])('%j returns %j', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
    expect((await calls.list(query)).meta.pagination.total).toBe(expected.length);
  });

  test.each([
    'caller_id=+14155551234',
    'caller_id=%2B14155551234',
    'text=+1415',
    'recipient_id=+14155550000',
  ])('a + need not be percent-encoded: %s', async (query) => {
    const { data } = await pbx.send<Call[]>('GET', `/calls?${query}&status=completed`);
    expect(idsOf(data)).toEqual([null]);
  });

  test.each<[string, string]>([
    ['limit', '0'],
    ['limit', '501'],
    ['limit', ''],
    ['offset', '-1'],
    ['offset', '1000001'],
    ['status', 'Active'],
    ['from', '2024-01-15'],
    ['to', 'now'],
    ['text', '\0'],
    ['caller_id', '\0'],
    ['recipient_id', 'x\0'],
    ['call_id', '\0'],
    ['call_id', ''],
    ['org_id', 'x'],
    ['statsu', 'active'],
  ])('%s=%j is 400', async (field, value) => {
    const { status, error } = await calls.list({ [field]: value }, admin);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('GET /calls/active', () => {
  async function active(query: string, as = ours.member) {
    return pbx.send<Call[]>('GET', `/calls/active${query}`, { as });
  }

  test('lists the newest first, in pages', async () => {
    const { data, meta } = await active('');
    expect(idsOf(data)).toEqual(['C31', 'c30']);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 2 });
    const page = await active('?limit=1&offset=1');
    expect([idsOf(page.data), page.meta.pagination]).toEqual([['c30'], { limit: 1, offset: 1, total: 2 }]);
  });

  test('has the filters of GET /calls except the status', async () => {
    expect(idsOf((await active('?text=änne')).data)).toEqual(['C31']);
    expect(idsOf((await active('?caller_id=+14155551234')).data)).toEqual(['c30']);
    expect((await active('?status=busy')).status).toBe(400);
    expect((await active('?limit=501')).status).toBe(400);
  });

  test('lists every organization for an admin, or the selected one', async () => {
    expect(idsOf((await active('', admin)).data)).toEqual(['theirs', 'C31', 'c30']);
    expect(idsOf((await active(`?org_id=${theirs.orgId}`, admin)).data)).toEqual(['theirs']);
  });

  test('omits a call after it has ended', async () => {
    const { data } = await calls.create({ call_id: 'ending' }, theirs.manager);
    expect(idsOf((await active('', theirs.member)).data)).toEqual(['theirs', 'ending']);
    await calls.update(data.id, { status: 'completed' }, theirs.manager);
    expect(idsOf((await active('', theirs.member)).data)).toEqual(['theirs']);
  });
});
