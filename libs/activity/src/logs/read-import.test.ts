import { describe, expect, test } from 'vitest';
import type { ImportPart } from './logs-intake.ts';
import type { RefusedBody } from '@oriontel/service';
import { readImport, type ReadImport } from './read-import.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
function task(...body: Uint8Array<ArrayBuffer>[]) {
  return {
    body,
    orgId: 1,
    entity: 'trunk/t-1',
    importId: 'import-x',
    now: Date.parse('2024-02-01T00:00:00Z'),
  };
}
function line(more: object = {}) {
  return {
    timestamp: '2024-01-15T10:30:00Z',
    type: 'call',
    message: 'm',
    ...more,
  };
}
function read(logs: object[], more: object = {}, orgId = 1, entity = 'trunk/t-1') {
  const found = readImport({
    ...task(bytes(JSON.stringify({ logs, ...more }))),
    orgId,
    entity,
  }) as ReadImport;
  const parts = found.parts.map((part) => JSON.parse(new TextDecoder().decode(part)) as ImportPart);
  return { ...found, texts: found.parts, parts, entries: parts.flatMap(({ entries }) => entries) };
}
function idOf(more: object, orgId?: number, entity?: string) {
  return read([line(more)], {}, orgId, entity).entries[0]!.id;
}

test('readImport normalizes an entry', () => {
  const { entries, ...rest } = read([line({ timestamp: '2024-01-15T12:30:00.1239+02:00', vendor: 1 })]);
  expect(rest).toMatchObject({ kind: 'read', source: null, deduplicate: true, received: 1 });
  expect(entries).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
      at: '2024-01-15T10:30:00.123Z',
      type: 'call',
      level: 'info',
      message: 'm',
      details: null,
    },
  ]);
});

test('readImport splits entries into parts of bounded size that carry the index of their first entry', () => {
  const logs = Array.from({ length: 10_000 }, (_, index) => line({ message: `${index} ${'é'.repeat(50)}` }));
  const { parts, texts, entries } = read(logs, { deduplicate: false });
  expect(entries.map(({ message }) => Number.parseInt(message))).toEqual(logs.map((_, index) => index));
  let first = 0;
  for (const [index, part] of parts.entries()) {
    expect(part).toMatchObject({ importId: 'import-x', entity: 'trunk/t-1', deduplicate: false, first });
    expect(texts[index]!.byteLength).toBeLessThan(512 * 1024);
    first += part.entries.length;
  }
  expect(parts.length).toBeGreaterThan(5);
});

describe('the id of an entry', () => {
  test('ignores level, source and the order of members in details', () => {
    const original = idOf({ details: { a: 1, b: [{ c: 1, d: 2 }] } });
    expect(idOf({ details: { b: [{ d: 2, c: 1 }], a: 1 }, level: 'error' })).toBe(original);
  });
  test('differs if organization, entity, timestamp, type, message or details differ', () => {
    const ids = [
      idOf({}),
      idOf({}, 2),
      idOf({}, 1, 'trunk/t-2'),
      idOf({ timestamp: '2024-01-15T10:30:00.001Z' }),
      idOf({ type: 'sip' }),
      idOf({ message: 'M' }),
      idOf({ details: {} }),
      idOf({ details: { a: null } }),
      idOf({ details: { a: [1, 2] } }),
      idOf({ details: { a: [2, 1] } }),
      idOf({ details: { a: { 0: 1, 1: 2 } } }),
      idOf({ details: { a: '[1,2]' } }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('readImport decodes a character that is split between blocks', () => {
  const body = bytes(JSON.stringify({ logs: [line({ message: '📞'.repeat(10) })] }));
  const blocks = Array.from(body, (byte) => Uint8Array.of(byte));
  expect(readImport(task(...blocks))).toMatchObject({ kind: 'read', received: 1 });
});

test.each([
  [
    'reports bad_request for malformed and impossible entries',
    [{}, line({ timestamp: '2024-03-01T00:00:00Z' })],
    'bad_request',
  ],
  [
    'reports unprocessable for impossible entries',
    [line(), line({ timestamp: '2024-02-02T00:00:01Z' })],
    'unprocessable',
  ],
])('readImport %s', (_case, logs, code) => {
  expect(readImport(task(bytes(JSON.stringify({ logs }))))).toMatchObject({ kind: 'refused', code });
});

test('readImport accepts a timestamp up to a day in the future', () => {
  expect(read([line({ timestamp: '2024-02-01T23:59:59Z' })]).received).toBe(1);
});

const nullEntries = (members: string) => `{"logs":[null],${members}}`;
test.each([
  ['an empty body', bytes(' '), 'bad_request', /empty/],
  ['truncated JSON', bytes('{"logs":'), 'bad_request', /not valid JSON/],
  ['invalid UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'bad_request', /not valid UTF-8/],
  ['a list', bytes('[]'), 'bad_request', /JSON object with "logs"/],
  ['no logs', bytes('{}'), 'bad_request', /^logs is required/],
  ['a source that is not a string', bytes(nullEntries('"source":1')), 'bad_request', /^source /],
  ['an entry that is not an object', bytes(nullEntries('"source":"s"')), 'bad_request', /^logs\[0\] must be/],
  ['4,000,001 brackets', bytes('['.repeat(4_000_001)), 'too_large', /more than 4000000 values/],
])('readImport refuses %s', (_case, body, code, message) => {
  expect(readImport(task(body))).toMatchObject({
    kind: 'refused',
    code,
    message: expect.stringMatching(message) as string,
  });
});

test('readImport refuses a __proto__ member in details', () => {
  const entry = JSON.stringify(line({ details: { x: 1 } })).replace('"x"', '"__proto__"');
  expect(readImport(task(bytes(`{"logs":[${entry}]}`)))).toMatchObject({
    kind: 'refused',
    code: 'bad_request',
    details: [{ field: 'logs[0].details', message: expect.any(String) as string }],
  });
});

test('readImport lists at most 20 problems and says so', () => {
  const refused = readImport(task(bytes(JSON.stringify({ logs: Array.from({ length: 100 }, () => ({})) }))));
  expect(refused).toMatchObject({ kind: 'refused', message: expect.stringMatching(/first 20/) as string });
  expect((refused as RefusedBody).details).toHaveLength(20);
});
