import { expect, test } from 'vitest';
import type { z } from 'zod';
import { Email, Id, IdText, integerBetween, Label, required, seconds, text, time } from './fields.ts';

function problemWith(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message;
}

test('required states what a field must be and whether it is missing', () => {
  const { error } = required('must be text');
  expect(error({ input: undefined })).toBe('is required: must be text');
  expect(error({ input: 7 })).toBe('must be text');
});

test.each([
  [text(3), 'abc', undefined],
  [text(3), undefined, 'is required: must be text of 1 to 3 characters'],
  [text(3), '', 'must be text of 1 to 3 characters'],
  [text(3), 'abcd', 'must be text of 1 to 3 characters'],
  [text(3), 'a\0', 'must not contain NUL characters or lone surrogates'],
  [text(3), 'a\ud800', 'must not contain NUL characters or lone surrogates'],
  [time, '2024-01-15T10:30:00Z', undefined],
  [time, '2024-01-15T10:30:00+05:30', undefined],
  [time, '2024-01-15T10:30:00', 'must be an ISO 8601 time with offset or Z, like 2024-01-15T10:30:00Z'],
  [time, '1969-12-31T23:59:59Z', 'must be a time in the years 1970 to 9998'],
  [time, '9999-01-01T00:00:00Z', 'must be a time in the years 1970 to 9998'],
  [Email, 'a@example.com', undefined],
  [Email, 'a@', 'must be an email address'],
  [Label, ' Main trunk ', undefined],
  [Label, '   ', 'must not be empty'],
  [Label, 'x'.repeat(129), 'must be at most 128 characters'],
  [Label, 'a\0b', 'must not contain NUL characters or lone surrogates'],
  [Id, 2_147_483_647, undefined],
  [Id, 0, 'must be a whole number from 1 to 2147483647'],
  [Id, 2_147_483_648, 'must be a whole number from 1 to 2147483647'],
  [Id, '7', 'must be a whole number from 1 to 2147483647'],
  [IdText, '7', undefined],
  [IdText, '7.5', 'must be a whole number from 1 to 2147483647'],
  [IdText, 'x', 'must be a whole number from 1 to 2147483647'],
  [seconds, 342, undefined],
  [seconds, '342', 'must be a number of seconds, like 342'],
  [integerBetween(1, 5), 5, undefined],
  [integerBetween(1, 5), 6, 'must be a whole number from 1 to 5'],
  [integerBetween(1, 5), 1.5, 'must be a whole number from 1 to 5'],
])('schema %# for %j reports %s', (schema, value, message) => {
  expect(problemWith(schema, value)).toBe(message);
});

test('Label trims its value', () => {
  expect(Label.parse(' Main trunk ')).toBe('Main trunk');
});
