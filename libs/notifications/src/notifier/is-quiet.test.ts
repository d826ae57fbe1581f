import { expect, test } from 'vitest';
import { isQuiet } from './is-quiet.ts';

const at = (time: string) => new Date(`2026-03-01T${time}Z`);

test.each([
  ['21:59:59.999', false],
  ['22:00:00', true],
  ['23:59:59.999', true],
  ['00:00:00', true],
  ['06:59:59.999', true],
  ['07:00:00', false],
  ['12:00:00', false],
])('from 22:00 to 07:00, %s is quiet: %s', (time, quiet) => {
  expect(isQuiet({ start: '22:00', end: '07:00' }, at(time))).toBe(quiet);
});

test.each([
  ['08:59:59.999', false],
  ['09:00:00', true],
  ['16:59:59.999', true],
  ['17:00:00', false],
  ['00:00:00', false],
])('from 09:00 to 17:00, %s is quiet: %s', (time, quiet) => {
  expect(isQuiet({ start: '09:00', end: '17:00' }, at(time))).toBe(quiet);
});

test('isQuiet is false without hours, and with hours that end when they start', () => {
  for (const time of ['00:00:00', '07:59:59', '08:00:00', '08:00:59', '23:59:59']) {
    expect(isQuiet({ start: '08:00', end: '08:00' }, at(time))).toBe(false);
    expect(isQuiet(null, at(time))).toBe(false);
  }
});

test('isQuiet includes the last minute of hours that end at midnight', () => {
  const hours = { start: '20:00', end: '00:00' };
  expect(isQuiet(hours, at('23:59:59'))).toBe(true);
  expect(isQuiet(hours, at('00:00:00'))).toBe(false);
});
