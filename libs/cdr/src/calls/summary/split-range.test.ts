import { expect, test } from 'vitest';
import { splitRange, type Span } from './split-range.ts';

const at = (time: string): Date => new Date(`2024-01-15T${time}Z`);
function format(span: Span | null) {
  return (
    span && `${span.from?.toISOString().slice(11, 23) ?? ''}-${span.to?.toISOString().slice(11, 23) ?? ''}`
  );
}
function split(from: string | null, to: string | null) {
  const { hours, edges } = splitRange(from ? at(from) : undefined, to ? at(to) : undefined);
  return [format(hours), edges.map(format)];
}

test.each([
  ['without bounds', null, null, '-', []],
  ['from a whole hour', '10:00:00', null, '10:00:00.000-', []],
  ['from the middle of an hour', '10:30:00', null, '11:00:00.000-', ['10:30:00.000-11:00:00.000']],
  ['to the last millisecond of an hour', null, '10:59:59.999', '-11:00:00.000', []],
  ['to a whole hour, inclusive', null, '11:00:00', '-11:00:00.000', ['11:00:00.000-11:00:00.001']],
  [
    'with hours and two edges',
    '10:30:00',
    '12:15:00',
    '11:00:00.000-12:00:00.000',
    ['10:30:00.000-11:00:00.000', '12:00:00.000-12:15:00.001'],
  ],
  ['within an hour', '10:10:00', '10:20:00', null, ['10:10:00.000-10:20:00.001']],
  [
    'across the start of an hour without a whole hour',
    '10:30:00',
    '11:15:00',
    null,
    ['10:30:00.000-11:15:00.001'],
  ],
  ['of one millisecond', '10:00:00', '10:00:00', null, ['10:00:00.000-10:00:00.001']],
  ['that is empty', '10:00:00', '09:00:00', null, []],
])('splitRange splits a range %s', (_what, from, to, hours, edges) =>
  expect(split(from, to)).toEqual([hours, edges]),
);
