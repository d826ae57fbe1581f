import { expect, test } from 'vitest';
import { searchWindows } from './search-windows.ts';

const PREFIX = { caller: { values: ['+49'], isPrefix: true } };
const MINUTE_MS = 60_000;

/** In minutes before `end`. */
function windowsBefore(end: Date, ...args: Parameters<typeof searchWindows>) {
  return searchWindows(...args).map(
    (start) => start && Math.round((end.getTime() - start.getTime()) / MINUTE_MS),
  );
}

test('a search without a prefix has no windows', () => {
  expect(searchWindows({}, null)).toEqual([null]);
  expect(searchWindows({ caller: { values: ['+4930'], isPrefix: false } }, null)).toEqual([null]);
});

test('the windows of a prefix grow and end at the latest possible start time', () => {
  const all = [10, 120, 1_440, 10_080, 40_320, null];
  const to = new Date('2024-01-15T12:00:00Z');
  expect(windowsBefore(new Date(), PREFIX, null)).toEqual(all);
  expect(windowsBefore(to, { ...PREFIX, to }, null)).toEqual(all);
  const time = new Date('2024-01-10T12:00:00Z');
  expect(windowsBefore(time, { ...PREFIX, to }, { time, id: 'x' })).toEqual(all);
});

test('windows that begin before `from` are left out', () => {
  const to = new Date('2024-01-15T12:00:00Z');
  const from = new Date('2024-01-15T00:00:00Z');
  expect(windowsBefore(to, { ...PREFIX, from, to }, null)).toEqual([10, 120, null]);
});
