import type { ListBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBatch, buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';
import type { CallRecord } from './call-record.ts';

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
});
afterAll(() => cdr.close());

function store(index: string, batch: object) {
  return cdr.call<IntakeBody>(`/cdr/${index}`, {
    as: cdr.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: batch,
  });
}
function get<T = ListBody<CallRecord>>(url: string) {
  return cdr.call<T>(url, { as: cdr.ours.manager });
}
async function findCallIds(query: string) {
  return (await get(`/cdrs?${query}`)).json.data.map(({ call_id }) => call_id).sort();
}

describe('GET /cdrs finds by', () => {
  beforeAll(async () => {
    await store('search', {
      source: 'node-s',
      records: [
        buildRecord({ call_id: 's-1', caller: '(415) 555-0001', callee: '+442079460001', trunk_id: 't-1' }),
        buildRecord({
          call_id: 's-2',
          caller: '+14155550002',
          callee: '1001',
          disposition: 'busy',
          hangup_cause: 'USER_BUSY',
          direction: 'inbound',
        }),
        buildRecord({
          call_id: 's-3',
          start_time: '2024-02-01T00:00:00Z',
          end_time: '2024-02-01T00:00:10Z',
          duration: 10,
          disposition: 'no_answer',
        }),
      ],
    });
  });
  test.each([
    ['call_id=s-1', ['s-1']],
    ['caller=%2B14155550001', ['s-1']],
    ['caller=+14155550001', ['s-1']],
    ['caller=4155550001', ['s-1']],
    ['caller=%28415%29%20555-0001', ['s-1']],
    // Without the + it would be parsed as a national number of the region US.
    ['callee=+442079460001', ['s-1']],
    ['callee=1001', ['s-2']],
    ['caller=+1415555000*', ['s-1', 's-2']],
    ['caller=%28415%29*', ['s-1']],
    ['caller=100%25*', []],
    ['callee=+44*&caller=+1415555*', ['s-1']],
    ['number=1001', ['s-2']],
    ['number=%28415%29%20555-0001', ['s-1']],
    ['number=+4420*', ['s-1']],
    ['trunk_id=t-1', ['s-1']],
    ['source=node-s&hangup_cause=USER_BUSY', ['s-2']],
    ['source=node-s&direction=inbound', ['s-2']],
    ['source=node-s&max_duration=10', ['s-3']],
    ['source=node-s&min_duration=11', ['s-1', 's-2']],
    ['source=node-s', ['s-1', 's-2', 's-3']],
    ['source=node-s&disposition=BUSY', ['s-2']],
    ['source=node-s&disposition=no%20answer', ['s-3']],
    ['source=node-s&from=2024-01-20T00:00:00Z', ['s-3']],
    ['source=node-s&to=2024-01-20T00:00:00%2B02:00', ['s-1', 's-2']],
    ['source=node-s&from=2024-02-01T00:00:00Z&to=2024-02-01T00:00:00Z', ['s-3']],
    ['batch_id=search&call_id=s-2', ['s-2']],
    ['batch_id=search&call_id=other', []],
  ])('%s', async (query, expected) => expect(await findCallIds(query)).toEqual(expected));
});

test.each(['min_duration=-1', 'max_duration=x', 'direction=sideways', 'number='])(
  'GET /cdrs rejects %s with 400',
  async (query) => expect((await get(`/cdrs?${query}`)).status).toBe(400),
);

test('GET /cdrs pages through all legs of a number once, whether raw or normalized', async () => {
  const spellings = ['+14155557777', '(415) 555-7777', '415-555-7777'];
  const times = Array.from({ length: 12 }, (_, index) => `2024-03-0${1 + (index % 3)}T10:00:00Z`);
  await store('number-paging', {
    records: times.map((start_time, index) =>
      buildRecord({ start_time, end_time: null, caller: spellings[index % 3], callee: '+14155557777' }),
    ),
  });
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json }: { json: ListBody<CallRecord> } = await get(
      `/cdrs?number=4155557777&limit=5${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...json.data.map(({ start_time, id }) => `${start_time} ${id}`));
    cursor = json.meta.next_cursor;
  }
  expect(new Set(seen).size).toBe(12);
  expect(seen).toEqual([...seen].sort().reverse());
});

test('GET /cdrs pages through all legs once, newest first, even with equal start times', async () => {
  await store('paging', {
    records: Array.from({ length: 23 }, (_, index) =>
      buildRecord({ start_time: index < 3 ? '2024-01-15T10:30:01Z' : '2024-01-15T10:30:00Z' }),
    ),
  });
  const seen: CallRecord[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json }: { json: ListBody<CallRecord> } = await get(
      `/cdrs?batch_id=paging&limit=5${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...json.data);
    cursor = json.meta.next_cursor;
  }
  expect(seen).toHaveLength(23);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(23);
  const times = seen.map(({ start_time }) => start_time);
  expect(times).toEqual([...times].sort().reverse());
});

test.each(['1999-06-15T12:00:00Z', '2030-06-15T12:00:00Z', '1970-01-01T00:00:00Z', '9998-12-31T23:59:59Z'])(
  'a call in a week without a partition is stored and found: %s',
  async (start_time) => {
    const record = buildRecord({ start_time, end_time: null, duration: 5 });
    const { json } = await store('far', { records: [record] });
    expect(json).toMatchObject({ stored: 1 });
    const [found] = (await get(`/cdrs?call_id=${record.call_id}`)).json.data;
    expect(found!.start_time).toBe(start_time);
    expect((await get<{ data: CallRecord }>(`/cdrs/${found!.id}`)).json.data).toEqual(found);
  },
);

describe('hostile input is 4xx or finds nothing, never 500', () => {
  const hostile = [
    "'",
    "' OR '1'='1",
    "'; DROP TABLE cdrs; --",
    '\\',
    '%00',
    '%0a',
    '$1',
    '${1}',
    '{}',
    '[]',
    '../../etc/passwd',
    '%F0%9F%93%9E',
    '%ED%A0%80',
    '%E2%80%AE',
    'x'.repeat(7_000),
    '-1',
    '1e400',
    'NaN',
    '99999999999999999999',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    Buffer.from('999999999999999.018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d').toString('base64url'),
    Buffer.from('-999999999999999.018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d').toString('base64url'),
    '',
  ].map((value) => [value.length > 100 ? value.slice(0, 20) : value, value] as const);
  const parameters = [
    'call_id',
    'caller',
    'callee',
    'trunk_id',
    'source',
    'batch_id',
    'disposition',
    'from',
    'to',
    'org_id',
    'limit',
    'cursor',
  ];

  test.each(hostile)('in any query parameter: %j', async (_short, value) => {
    for (const name of parameters) {
      for (const list of ['/cdrs', '/cdrs/quarantine']) {
        const { status, json } = await get(`${list}?${name}=${value}`);
        expect([name, list, [200, 400, 403].includes(status)]).toEqual([name, list, true]);
        // An empty cursor requests the first page.
        if (status === 200 && value && !['from', 'to'].includes(name))
          expect([name, json.data]).toEqual([name, []]);
      }
    }
  });
  test.each(hostile)('in a path: %j', async (_short, value) => {
    for (const url of [`/cdr/${value}`, `/cdrs/${value}`]) expect((await get(url)).status).toBeLessThan(500);
    const posted = await store(value, buildBatch(1));
    expect(posted.status).toBeLessThan(500);
    if (posted.status === 200) expect(posted.json).toMatchObject({ stored: 1 });
  });
  test.each([
    'limti=5',
    'call_id=a&call_id=b',
    'limit=0',
    'limit=501',
    'limit=1.5',
    'disposition=PERHAPS',
    'from=yesterday',
    'cursor=x',
  ])('GET /cdrs?%s is 400', async (query) => expect((await get(`/cdrs?${query}`)).status).toBe(400));
  test.each([
    'x',
    '1',
    '018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '00000000-0000-0000-0000-000000000000',
    '018D0C0B-7A40-8B3C-9F6E-2F1F5A6B7C8D',
  ])('GET /cdrs/%s is 404', async (id) => expect((await get(`/cdrs/${id}`)).status).toBe(404));
  test('an index with quotes and percent signs reads back unchanged', async () => {
    const index = `it's "50%" & <größe> 📞`;
    const { json } = await store(encodeURIComponent(index), buildBatch(1));
    expect(json.batch_id).toBe(index);
    const status = await get<{ data: { batch_id: string; stored: number } }>(
      `/cdr/${encodeURIComponent(index)}`,
    );
    expect(status.json.data).toMatchObject({ batch_id: index, stored: 1 });
  });
});
