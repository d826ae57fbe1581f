import { describe, expect, test } from 'vitest';
import { DateRange, lastMomentOf, toTimeRange } from './date-range.ts';

function rangeOf(start: string | null | undefined, end: string | null | undefined) {
  const { from, before } = toTimeRange(DateRange.parse({ start, end }));
  return [from?.toISOString() ?? null, before?.toISOString() ?? null];
}

describe('toTimeRange', () => {
  test.each([
    ['2024-01-15', '2024-01-15', '2024-01-15T00:00:00.000Z', '2024-01-16T00:00:00.000Z'],
    ['2024-02-28', '2024-02-29', '2024-02-28T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-01-15T10:30:00Z', null, '2024-01-15T10:30:00.000Z', null],
    [null, '2024-01-15T10:30:00Z', null, '2024-01-15T10:30:00.001Z'],
    ['2024-01-15T12:00:00+02:00', undefined, '2024-01-15T10:00:00.000Z', null],
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00Z', '2024-01-15T10:30:00.000Z', '2024-01-15T10:30:00.001Z'],
    [undefined, undefined, null, null],
  ])('reads %s to %s as a half-open range', (start, end, from, before) => {
    expect(rangeOf(start, end)).toEqual([from, before]);
  });

  test.each([null, undefined])('reads %s as all times', (range) => {
    expect(toTimeRange(range)).toEqual({ from: null, before: null });
  });
});

describe('DateRange', () => {
  test.each([
    [{ start: '2024-01-16', end: '2024-01-15' }, 'start'],
    [{ start: '2024-01-15T10:30:00.001Z', end: '2024-01-15T10:30:00Z' }, 'start'],
    [{ start: '2024-02-30' }, 'start'],
    [{ end: 'yesterday' }, 'end'],
    [{ end: '2024-01-15T10:30:00' }, 'end'],
    [{ end: '1969-12-31' }, 'end'],
    [{ end: '9999-01-01' }, 'end'],
    [{ start: 1_705_314_600 }, 'start'],
  ])('rejects %j at %s', (range, field) => {
    const { error } = DateRange.safeParse(range);
    expect(error?.issues[0]?.path).toEqual([field]);
  });

  test.each(['2024-01-15', 5, []])('rejects %j, which is not an object', (range) => {
    expect(DateRange.safeParse(range).success).toBe(false);
  });
});

test('lastMomentOf is one millisecond before the end, or null without an end', () => {
  const range = toTimeRange({ end: '2024-01-15' });
  expect(lastMomentOf(range)?.toISOString()).toBe('2024-01-15T23:59:59.999Z');
  expect(lastMomentOf({ from: null, before: null })).toBeNull();
});
