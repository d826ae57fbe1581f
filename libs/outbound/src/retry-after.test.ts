import { expect, test } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

test.each([
  ['120', 120],
  ['Mon, 15 Jan 2024 10:31:00 GMT', 60],
  ['Mon, 15 Jan 2024 10:29:00 GMT', 0],
  ['-5', 0],
  ['soon', 0],
  ['', 0],
  [undefined, 0],
])('retryAfterSeconds reads %j as %i seconds', (header, seconds) => {
  expect(retryAfterSeconds(header, new Date('2024-01-15T10:30:00Z'))).toBe(seconds);
});
