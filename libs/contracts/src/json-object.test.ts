import { expect, test } from 'vitest';
import { JsonObject } from './json-object.ts';

function problemWith(value: unknown): string | undefined {
  return JsonObject.safeParse(value).error?.issues[0]?.message;
}
const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));

test('JsonObject accepts any JSON object unchanged', () => {
  const value = { context: 'default', codecs: ['PCMA', 'opus'], nat: { keepalive: 30, on: true, via: null } };
  expect(JsonObject.parse(value)).toEqual(value);
});

test.each([
  ['a missing value', undefined, 'is required: must be an object'],
  ['an array', [1], 'must be an object'],
  ['null', null, 'must be an object'],
  ['a string', '{}', 'must be an object'],
  ['a NUL deep inside', { a: [{ b: 'x\0y' }] }, 'must not contain NUL characters or lone surrogates'],
  ['a lone surrogate in a key', { a: { '\ud800': 1 } }, 'must not contain NUL characters or lone surrogates'],
  ['40 levels', nested(40), 'must not be nested deeper than 32 levels'],
  ['nesting deeper than the call stack', nested(200_000), 'must not be nested deeper than 32 levels'],
  [
    'a number that JSON cannot serialize',
    JSON.parse('{"a": [{"b": -1e400}]}'),
    'must not contain numbers larger than 1.7e308',
  ],
  ['more than 64 KiB', { a: 'x'.repeat(65_536) }, 'must be at most 65536 bytes of JSON'],
])('JsonObject rejects %s', (_what, value, message) => {
  expect(problemWith(value)).toBe(message);
});

test('JsonObject accepts 32 levels', () => {
  expect(problemWith(nested(32))).toBeUndefined();
});
