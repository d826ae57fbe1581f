import { buildBatch, buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestGateway,
  type RequestOptions,
  type ErrorBody,
  type FoundCall,
  type IntakeBody,
  type ListBody,
  type TestGateway,
} from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.startWorker();
});
afterAll(() => gateway.close());

function post<T = IntakeBody & ErrorBody>(
  index: string,
  body: RequestOptions['body'],
  headers: Record<string, string> = {},
) {
  return gateway.call<T>(`/cdr/${index}`, {
    as: gateway.ours.byKey,
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
async function find(query: string) {
  return (await gateway.call<ListBody<FoundCall>>(`/cdrs?${query}`, { as: gateway.ours.member })).json.data;
}
const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const withRecord = (json: string) => `{"records": [${json}]}`;
function recordWith(member: string) {
  return withRecord(JSON.stringify(buildRecord()).replace(/^\{/, `{${member},`));
}

describe('a body that is no batch is 400 and says what to send', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \n '],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['a number', '1e999'],
    ['no object', 'true'],
    ['an empty object', '{}'],
    ['records: {}', '{"records": {}}'],
    ['records: null', '{"records": null}'],
    ['records: "x"', '{"records": "x"}'],
    ['no records', '{"records": []}'],
    ['10,001 records', JSON.stringify({ records: Array.from({ length: 10_001 }, () => 1) })],
    ['a list of nothing', '{"records": [null]}'],
    ['a list of a list', '{"records": [[]]}'],
    ['a list of text', '{"records": ["x"]}'],
    ['an empty record', '{"records": [{}]}'],
    ['half of one', '{"records": [{"call_id": "x'],
    ['two of them', '{"records": []}{"records": []}'],
    ['deep nesting', nest(500_000)],
    ['a source that is none', JSON.stringify(buildBatch(1, { source: 'a b' }))],
    ['a source that would be a path', JSON.stringify(buildBatch(1, { source: '../x' }))],
    ['a time that is none', JSON.stringify(buildBatch(1, { timestamp: 'now' }))],
    ['partial: "yes"', JSON.stringify(buildBatch(1, { partial: 'yes' }))],
    ['a NUL between', '{"records"\0: []}'],
  ])('%s', async (_what, body) => {
    const { status, json } = await post('nothing', body);
    expect(status).toBe(400);
    expect(json.error.message).toMatch(/\w/);
  });
});

describe('a record that cannot be stored as it is', () => {
  test.each([
    ['a NUL in call_id', { call_id: 'a\0b' }, 400],
    ['a NUL in caller', { caller: '\0' }, 400],
    ['a NUL in trunk_id', { trunk_id: '\0' }, 400],
    ['half a character in call_id', { call_id: 'a\ud800b' }, 400],
    ['a call_id beyond measure', { call_id: 'x'.repeat(256) }, 400],
    ['a number of seconds beyond measure', { duration: 1e300, end_time: null }, 422],
    ['a negative duration', { duration: -1, end_time: null }, 422],
    ['a billsec beyond int', { billsec: 2 ** 40 }, 422],
    ['a q850 beyond its range', { q850: 99_999 }, 400],
    ['a year that no database knows', { start_time: '0000-01-01T00:00:00Z' }, 400],
    ['a time without offset', { start_time: '2024-01-15T10:30:00' }, 400],
    ['a day that is not', { start_time: '2024-02-30T10:30:00Z' }, 400],
  ])('%s is %3$i', async (_what, more, status) => {
    expect((await post('bad', { records: [buildRecord(more)] })).status).toBe(status);
  });
});

describe('what a record may hold besides is kept, and harms nobody', () => {
  test.each([
    ['a NUL', '"note": "a\\u0000b"'],
    ['a lone surrogate', '"note": "\\ud800"'],
    ['a lone surrogate as a name', '"\\udc00": 1'],
    ['a huge number', '"note": 1e400'],
    ['a number of many digits', `"note": ${'9'.repeat(1_000)}`],
    ['__proto__', '"__proto__": {"disposition": "BUSY", "isAdmin": true}'],
    ['constructor', '"constructor": {"prototype": {"isAdmin": true}}'],
    ['toJSON', '"toJSON": "x"'],
    ['deep nesting', `"note": ${nest(97)}`],
    ['nesting beyond measure', `"note": ${nest(99)}`],
    ['a long text', `"note": "${'x'.repeat(100_000)}"`],
  ])('%s', async (what, member) => {
    const index = `kept-${what.replaceAll(' ', '-')}`;
    const { status, json } = await post(index, recordWith(member));
    expect(status).toBe(what === 'nesting beyond measure' ? 400 : 200);
    expect({}).not.toHaveProperty('isAdmin');
    if (status === 200) expect(json.stored).toBe(1);
    const good = await post(`${index}-next`, buildBatch(1));
    expect(good.json).toMatchObject({ stored: 1 });
  });
  test.each([
    ['marks that turn the text around', { caller: '\u202e+14155551234' }],
    ['quotes', { caller: `'; DROP TABLE cdrs; --` }],
    ['an emoji', { callee: '📞' }],
    ['unknown members', { vendor: { a: [1, { b: null }] } }],
  ])('%s', async (_what, more) => {
    const index = `text-${_what.replaceAll(' ', '-')}`;
    const { status, json } = await post(index, { records: [buildRecord(more)] });
    expect([status, json.stored]).toEqual([200, 1]);
    expect(await find(`batch_id=${index}`)).toHaveLength(1);
  });
  test('one that holds a NUL leaves the others of a group alone', async () => {
    const bodies = Array.from({ length: 20 }, (_, number) =>
      number % 2 ? recordWith('"note": "a\\u0000b"') : buildBatch(1),
    );
    const answers = await Promise.all(bodies.map((body) => post('group', body)));
    for (const [number, { status, json }] of answers.entries()) {
      expect([number, status, json.stored]).toEqual([number, 200, 1]);
    }
  });
});

describe('what the body is written in', () => {
  test('invalid UTF-8 is read byte for byte, and the call is stored', async () => {
    const [before, after] = withRecord(JSON.stringify(buildRecord({ note: '#' }))).split('#');
    const body = Buffer.concat([Buffer.from(before!), Buffer.from([0xe9, 0xff]), Buffer.from(after!)]);
    expect((await post('latin', body)).json).toMatchObject({ stored: 1 });
  });
  test('a byte order mark does no harm', async () => {
    expect((await post('bom', `\ufeff${JSON.stringify(buildBatch(1))}`)).json).toMatchObject({ stored: 1 });
  });
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'a batch sent as %j is a batch all the same',
    async (type) => {
      expect((await post('typed', JSON.stringify(buildBatch(1)), { 'content-type': type })).status).toBe(200);
    },
  );
});

test('10,000 records are one batch, stored to the last', async () => {
  const { status, json } = await post('ten-thousand', buildBatch(10_000));
  expect([status, json.processed, json.stored]).toEqual([200, 10_000, 10_000]);
});

test('10,000 bad records of a partial batch are in quarantine, to the last', async () => {
  const records = Array.from({ length: 10_000 }, (_, number) => ({ number }));
  const { status, json } = await post('all-bad', { records, partial: true });
  expect([status, json.stored, json.quarantined]).toEqual([200, 0, 10_000]);
  const [row] = await gateway.db.$queryRaw<
    [{ count: number }]
  >`SELECT count(*)::int AS count FROM quarantine WHERE key = 'all-bad'`;
  expect(row.count).toBe(10_000);
});

test('10,000 records that only differ in what is not compared are counted in good time', async () => {
  const record = buildRecord();
  const records = Array.from({ length: 10_000 }, (_, number) => ({ ...record, note: number }));
  const begun = performance.now();
  const { status } = await post('alike', { records });
  expect(status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(15_000);
});
