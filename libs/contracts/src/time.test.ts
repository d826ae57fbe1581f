import { expect, test } from 'vitest';
import { compactStamp, isoTime, isoTimeOrNull } from './time.ts';

test.each([
  ['2024-01-15T10:30:00.000Z', '2024-01-15T10:30:00Z', '20240115-103000'],
  ['2024-01-15T10:30:00.120Z', '2024-01-15T10:30:00.120Z', '20240115-103000'],
  ['1999-12-31T23:59:59.999Z', '1999-12-31T23:59:59.999Z', '19991231-235959'],
])('%s is formatted by isoTime as %s and by compactStamp as %s', (time, iso, stamp) => {
  expect(isoTime(new Date(time))).toBe(iso);
  expect(compactStamp(new Date(time))).toBe(stamp);
});

test('isoTimeOrNull returns null for null', () => expect(isoTimeOrNull(null)).toBeNull());
