import { expect, test } from 'vitest';
import { measureJson } from './measure-json.ts';

const encode = (text: string) => new TextEncoder().encode(text);

test.each([
  ['1', 0, 0],
  ['{}', 1, 1],
  ['{"a":[1,2,{"b":3}],"c":"x"}', 3, 6],
  ['["[[[[", "a\\"[[{,", "\\\\", 1]', 1, 4],
  ['[[[[', 4, 4],
])('%s has depth %s and %s values', (text, depth, values) => {
  expect(measureJson([encode(text)])).toEqual({ depth, values });
});

test('strings and escapes may span blocks', () => {
  const bytes = encode('{"a":"[\\"[","b":[1]}');
  for (let at = 0; at < bytes.length; at += 1)
    expect(measureJson([bytes.subarray(0, at), bytes.subarray(at)])).toEqual({ depth: 2, values: 3 });
});
