import { expect, it } from 'vitest';
import { JsonObject } from './json-object.ts';

function problemWith(value: unknown): string | undefined {
  return JsonObject.safeParse(value).error?.issues[0]?.message;
}
const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));

it('takes any object of JSON as it is', () => {
  const value = { context: 'default', codecs: ['PCMA', 'opus'], nat: { keepalive: 30, on: true, via: null } };
  expect(JsonObject.parse(value)).toEqual(value);
});

it.each([
  ['a missing one', undefined, 'is required: must be an object'],
  ['a list', [1], 'must be an object'],
  ['null', null, 'must be an object'],
  ['a text', '{}', 'must be an object'],
  ['a NUL deep inside', { a: [{ b: 'x\0y' }] }, 'must not contain NUL characters or halves of characters'],
  [
    'half a character in a key',
    { a: { '\ud800': 1 } },
    'must not contain NUL characters or halves of characters',
  ],
  ['too deep a one', nested(40), 'must not be nested deeper than 32 levels'],
  ['one deeper than the stack', nested(200_000), 'must not be nested deeper than 32 levels'],
  [
    'a number that JSON would not say again',
    JSON.parse('{"a": [{"b": -1e400}]}'),
    'must not hold numbers larger than 1.7e308',
  ],
  ['too large a one', { a: 'x'.repeat(65_536) }, 'must be at most 65536 bytes of JSON'],
])('refuses %s', (_what, value, message) => {
  expect(problemWith(value)).toBe(message);
});

it('takes one of 32 levels', () => {
  expect(problemWith(nested(32))).toBeUndefined();
});
