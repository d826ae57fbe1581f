import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../../testing.ts';

interface Figures {
  calls: number;
  answered: number;
  minutes: number;
  asr: number | null;
  acd: number | null;
}
interface Body {
  data: { total: Figures; groups: (Figures & Record<string, string | null>)[] };
  meta: { pagination: { limit: number; offset: number; total: number } };
}

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
  await store([
    call('09:59:59.999', { trunk_id: 't-1', disposition: 'ANSWERED', billsec: 60 }),
    call('10:00:00', { trunk_id: 't-1', disposition: 'ANSWERED', billsec: 120, leg: 'b' }),
    call('10:20:00', { trunk_id: 't-1', disposition: 'BUSY' }),
    call('10:40:00', { trunk_id: 't-2', disposition: 'ANSWERED', billsec: 33 }),
    call('11:00:00', { trunk_id: null, disposition: 'NO ANSWER' }),
  ]);
  await store([call('11:00:00', { trunk_id: 't-2', disposition: 'FAILED' })], { source: 'node-2' });
  await store([call('10:00:00', { disposition: 'FAILED' }, '2024-01-16')]);
});
afterAll(() => cdr.close());

function call(time: string, more: object, day = '2024-01-15') {
  const billsec = 0;
  return buildRecord({ start_time: `${day}T${time}Z`, end_time: null, duration: 200, billsec, ...more });
}
function store(records: object[], { source = 'node-1', as = cdr.ours.byKey } = {}) {
  return cdr.call<IntakeBody>('/cdr/summary', {
    as,
    headers: { prefer: 'wait=20' },
    body: { source, records },
  });
}
async function summary(query: string, as = cdr.ours.manager): Promise<Body> {
  return (await cdr.call<Body>(`/cdrs/summary?${query}`, { as })).json;
}
const groups = async (query: string) => (await summary(query)).data.groups;
function figures(calls: number, answered: number, minutes: number, asr: number | null, acd: number | null) {
  return {
    calls,
    answered,
    minutes,
    asr,
    acd,
  };
}

test('GET /cdrs/summary totals calls, minutes, ASR in percent and ACD in seconds', async () => {
  const { data, meta } = await summary('');
  expect(data).toEqual({ total: figures(7, 3, 3.55, 42.86, 71), groups: [] });
  expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 0 });
});

test('ratios are null when there is nothing to divide by', async () => {
  expect((await summary('trunk_id=none&group_by=hour')).data).toEqual({
    total: figures(0, 0, 0, null, null),
    groups: [],
  });
  expect((await summary('disposition=BUSY')).data.total).toEqual(figures(1, 0, 0, 0, null));
});

describe('groups', () => {
  test('by hour, newest first', async () => {
    expect(await groups('group_by=hour')).toEqual([
      { hour: '2024-01-16T10:00:00Z', ...figures(1, 0, 0, 0, null) },
      { hour: '2024-01-15T11:00:00Z', ...figures(2, 0, 0, 0, null) },
      { hour: '2024-01-15T10:00:00Z', ...figures(3, 2, 2.55, 66.67, 76.5) },
      { hour: '2024-01-15T09:00:00Z', ...figures(1, 1, 1, 100, 60) },
    ]);
  });
  test('by day', async () => {
    expect(await groups('group_by=day')).toEqual([
      { day: '2024-01-16', ...figures(1, 0, 0, 0, null) },
      { day: '2024-01-15', ...figures(6, 3, 3.55, 50, 71) },
    ]);
  });
  test('by trunk, most calls first; calls without a trunk are one group', async () => {
    expect(await groups('group_by=trunk&to=2024-01-15T23:00:00Z')).toEqual([
      { trunk_id: 't-1', ...figures(3, 2, 3, 66.67, 90) },
      { trunk_id: 't-2', ...figures(2, 1, 0.55, 50, 33) },
      { trunk_id: null, ...figures(1, 0, 0, 0, null) },
    ]);
  });
  test('by disposition', async () => {
    expect(await groups('group_by=disposition')).toEqual([
      { disposition: 'ANSWERED', ...figures(3, 3, 3.55, 100, 71) },
      { disposition: 'FAILED', ...figures(2, 0, 0, 0, null) },
      { disposition: 'BUSY', ...figures(1, 0, 0, 0, null) },
      { disposition: 'NO ANSWER', ...figures(1, 0, 0, 0, null) },
    ]);
  });
  test('by several dimensions, paginated', async () => {
    const all = await summary('group_by=disposition,day,trunk');
    expect(all.data.groups).toHaveLength(6);
    expect(all.data.groups[0]).toMatchObject({
      day: '2024-01-16',
      trunk_id: 'trunk_001',
      disposition: 'FAILED',
    });
    const second = await summary('group_by=disposition,day,trunk&limit=2&offset=2');
    expect(second.data).toEqual({ total: all.data.total, groups: all.data.groups.slice(2, 4) });
    expect(second.meta.pagination).toEqual({ limit: 2, offset: 2, total: 6 });
  });
});

test.each([
  ['trunk_id=t-1', 3],
  ['source=node-1', 6],
  ['source=node-2', 1],
  ['disposition=no_answer', 1],
  ['leg=a', 6],
  ['leg=b', 1],
  ['leg=a&trunk_id=t-1', 2],
  ['from=2024-01-15T10:00:00Z', 6],
  ['from=2024-01-15T10:00:00.001Z', 5],
  ['to=2024-01-15T09:59:59.999Z', 1],
  ['to=2024-01-15T09:59:59.998Z', 0],
  ['to=2024-01-15T10:00:00Z', 2],
  ['from=2024-01-15T10:10:00Z&to=2024-01-15T11:00:00Z', 4],
  ['from=2024-01-15T10:10:00Z&to=2024-01-15T10:50:00Z', 2],
  ['from=2024-01-15T12:00:00%2B02:00&to=2024-01-15T12:59:00%2B02:00', 3],
  ['from=2024-01-16T00:00:00Z&to=2024-01-15T00:00:00Z', 0],
])('%s counts %i calls, as many as GET /cdrs lists', async (query, calls) => {
  expect((await summary(query)).data.total.calls).toBe(calls);
  if (query.includes('leg=')) return;
  const list = await cdr.call<{ data: object[] }>(`/cdrs?${query}`, { as: cdr.ours.manager });
  expect(list.json.data).toHaveLength(calls);
});

test('counts calls of the own organization only; an admin counts all or one', async () => {
  const { ours, theirs, admin } = cdr;
  await store([call('10:00:00', {})], { as: theirs.byKey });
  const calls = async (query: string, as: string) => (await summary(query, as)).data.total.calls;
  expect(await calls('', theirs.member)).toBe(1);
  expect(await calls('', ours.member)).toBe(7);
  expect(await calls('', admin)).toBe(8);
  expect(await calls(`org_id=${theirs.orgId}`, admin)).toBe(1);
  expect(await calls('from=2024-01-15T10:00:00Z&to=2024-01-15T10:00:00Z', admin)).toBe(2);
});

test('counts a batch that was accepted just before', async () => {
  const body = { source: 'node-1', records: [call('10:00:00', { trunk_id: 't-now' })] };
  await cdr.call('/cdr/now', { as: cdr.ours.byKey, body });
  expect((await summary('trunk_id=t-now')).data.total.calls).toBe(1);
});

test.each([
  'group_by=',
  'group_by=caller',
  'group_by=hour,day',
  'group_by=hour,hour',
  'group_by=hour,',
  'group_by=hour%00',
  'group_by=hour&group_by=trunk',
  `group_by=${'hour,'.repeat(1_000)}`,
  'group_by=1;DROP TABLE cdrs',
  'leg=c',
  'limit=0',
  'limit=501',
  'offset=-1',
  'trunk_id=',
  'trunk_id=%00',
  'from=yesterday',
  'call_id=x',
])('%s is 400', async (query) => {
  const { status } = await cdr.call(`/cdrs/summary?${query}`, { as: cdr.ours.manager });
  expect(status).toBe(400);
});

test('an API key and a user without organization get 403, an anonymous client 401', async () => {
  const statusAs = async (as?: string) => (await cdr.call('/cdrs/summary', { as })).status;
  expect(await statusAs(cdr.ours.byKey)).toBe(403);
  expect(await statusAs(cdr.unassigned)).toBe(403);
  expect(await statusAs()).toBe(401);
});
