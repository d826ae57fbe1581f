import type { ErrorBody, ListBody, TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBatch, buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';

let api: TestCdr;
beforeAll(async () => {
  api = await createTestCdr();
  api.startWorker();
});
afterAll(() => api.close());

function post<T = IntakeBody & ErrorBody>(
  index: string,
  body: TestRequest['body'],
  headers: Record<string, string> = {},
) {
  return api.call<T>(`/cdr/${index}`, {
    as: api.ours.byKey,
    method: 'POST',
    body: body!,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      prefer: 'wait=20',
      ...headers,
    },
  });
}
async function findCalls(query: string) {
  const response = await api.call<ListBody<object>>(`/cdrs?${query}`, { as: api.ours.member });
  return response.json.data;
}
const nestedArrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const withRecord = (json: string) => `{"records": [${json}]}`;
function recordWith(member: string) {
  return withRecord(JSON.stringify(buildRecord()).replace(/^\{/, `{${member},`));
}

describe('a body that is not a batch is 400 with a message', () => {
  test.each([
    ['an empty body', ''],
    ['white space', ' \n '],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a number', '1e999'],
    ['a boolean', 'true'],
    ['an empty object', '{}'],
    ['records: {}', '{"records": {}}'],
    ['records: null', '{"records": null}'],
    ['records: "x"', '{"records": "x"}'],
    ['no records', '{"records": []}'],
    ['10,001 records', JSON.stringify({ records: Array.from({ length: 10_001 }, () => 1) })],
    ['an array of null', '{"records": [null]}'],
    ['an array of arrays', '{"records": [[]]}'],
    ['an array of strings', '{"records": ["x"]}'],
    ['an empty record', '{"records": [{}]}'],
    ['a truncated batch', '{"records": [{"call_id": "x'],
    ['two batches', '{"records": []}{"records": []}'],
    ['deep nesting', nestedArrays(500_000)],
    ['an invalid source', JSON.stringify(buildBatch(1, { source: 'a b' }))],
    ['a source with path separators', JSON.stringify(buildBatch(1, { source: '../x' }))],
    ['an invalid timestamp', JSON.stringify(buildBatch(1, { timestamp: 'now' }))],
    ['partial: "yes"', JSON.stringify(buildBatch(1, { partial: 'yes' }))],
    ['a NUL between tokens', '{"records"\0: []}'],
  ])('%s', async (_what, body) => {
    const { status, json } = await post('invalid', body);
    expect(status).toBe(400);
    expect(json.error.message).toMatch(/\w/);
  });
});

describe('a record with a value that cannot be stored', () => {
  test.each([
    ['a NUL in call_id', { call_id: 'a\0b' }, 400],
    ['a NUL in caller', { caller: '\0' }, 400],
    ['a NUL in trunk_id', { trunk_id: '\0' }, 400],
    ['a lone surrogate in call_id', { call_id: 'a\ud800b' }, 400],
    ['a call_id of 256 characters', { call_id: 'x'.repeat(256) }, 400],
    ['a duration out of range', { duration: 1e300, end_time: null }, 422],
    ['a negative duration', { duration: -1, end_time: null }, 422],
    ['a billsec out of range', { billsec: 2 ** 40 }, 422],
    ['a q850 out of range', { q850: 99_999 }, 400],
    ['a year that PostgreSQL does not support', { start_time: '0000-01-01T00:00:00Z' }, 400],
    ['a time without offset', { start_time: '2024-01-15T10:30:00' }, 400],
    ['a nonexistent day', { start_time: '2024-02-30T10:30:00Z' }, 400],
  ])('%s is %3$i', async (_what, overrides, status) => {
    expect((await post('bad', { records: [buildRecord(overrides)] })).status).toBe(status);
  });
});

describe('unusual content of a record is accepted and does not affect later batches', () => {
  test.each([
    ['a NUL', '"note": "a\\u0000b"'],
    ['a lone surrogate', '"note": "\\ud800"'],
    ['a lone surrogate in a name', '"\\udc00": 1'],
    ['a huge number', '"note": 1e400'],
    ['a number of many digits', `"note": ${'9'.repeat(1_000)}`],
    ['__proto__', '"__proto__": {"disposition": "BUSY", "isAdmin": true}'],
    ['constructor', '"constructor": {"prototype": {"isAdmin": true}}'],
    ['toJSON', '"toJSON": "x"'],
    ['deep nesting', `"note": ${nestedArrays(97)}`],
    ['nesting over the limit', `"note": ${nestedArrays(99)}`],
    ['a long string', `"note": "${'x'.repeat(100_000)}"`],
  ])('%s', async (what, member) => {
    const index = `kept-${what.replaceAll(' ', '-')}`;
    const { status, json } = await post(index, recordWith(member));
    expect(status).toBe(what === 'nesting over the limit' ? 400 : 200);
    expect({}).not.toHaveProperty('isAdmin');
    if (status === 200) expect(json.stored).toBe(1);
    const next = await post(`${index}-next`, buildBatch(1));
    expect(next.json).toMatchObject({ stored: 1 });
  });
  test.each([
    ['bidirectional control characters', { caller: '\u202e+14155551234' }],
    ['quotes', { caller: `'; DROP TABLE cdrs; --` }],
    ['an emoji', { callee: '📞' }],
    ['unknown fields', { vendor: { a: [1, { b: null }] } }],
  ])('%s', async (what, overrides) => {
    const index = `text-${what.replaceAll(' ', '-')}`;
    const { status, json } = await post(index, { records: [buildRecord(overrides)] });
    expect([status, json.stored]).toEqual([200, 1]);
    expect(await findCalls(`batch_id=${index}`)).toHaveLength(1);
  });
  test('a record with a NUL does not affect other batches of its group commit', async () => {
    const bodies = Array.from({ length: 20 }, (_, number) =>
      number % 2 ? recordWith('"note": "a\\u0000b"') : buildBatch(1),
    );
    const responses = await Promise.all(bodies.map((body) => post('group', body)));
    for (const [number, { status, json }] of responses.entries()) {
      expect([number, status, json.stored]).toEqual([number, 200, 1]);
    }
  });
});

describe('the encoding of the body', () => {
  test('invalid UTF-8 is accepted and the call is stored', async () => {
    const [before, after] = withRecord(JSON.stringify(buildRecord({ note: '#' }))).split('#');
    const body = Buffer.concat([Buffer.from(before!), Buffer.from([0xe9, 0xff]), Buffer.from(after!)]);
    expect((await post('latin', body)).json).toMatchObject({ stored: 1 });
  });
  test('a byte order mark is ignored', async () => {
    expect((await post('bom', `\ufeff${JSON.stringify(buildBatch(1))}`)).json).toMatchObject({ stored: 1 });
  });
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'a batch with Content-Type %j is accepted',
    async (type) => {
      expect((await post('typed', JSON.stringify(buildBatch(1)), { 'content-type': type })).status).toBe(200);
    },
  );
});

test('a batch of 10,000 records is stored completely', async () => {
  const { status, json } = await post('ten-thousand', buildBatch(10_000));
  expect([status, json.processed, json.stored]).toEqual([200, 10_000, 10_000]);
});

test('10,000 bad records of a partial batch are all quarantined', async () => {
  const records = Array.from({ length: 10_000 }, (_, number) => ({ number }));
  const { status, json } = await post('all-bad', { records, partial: true });
  expect([status, json.stored, json.quarantined]).toEqual([200, 0, 10_000]);
  const [row] = await api.db.$queryRaw<[{ count: number }]>`
    SELECT count(*)::int AS count
    FROM quarantine
    WHERE key = 'all-bad'`;
  expect(row.count).toBe(10_000);
});

test('10,000 records that differ only in an ignored field are stored within 15 s', async () => {
  const record = buildRecord();
  const records = Array.from({ length: 10_000 }, (_, number) => ({ ...record, note: number }));
  const startedAt = performance.now();
  const { status } = await post('alike', { records });
  expect(status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});
