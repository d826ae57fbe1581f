import { expect, test } from 'vitest';
import { newEventId, eventIdTime } from './event-id.ts';

test.each(['2024-01-15T11:30:00.123Z', '2024-02-29T00:00:00.000Z', '2026-12-31T23:59:59.999Z'])(
  'eventIdTime returns the time of an id created at %s',
  (time) => {
    const id = newEventId(new Date(time));
    expect(id).toMatch(/^evt-\d{8}-[0-9a-f]{23}$/);
    expect(eventIdTime(id)).toEqual({ known: 'ms', at: new Date(time) });
  },
);

test('newEventId creates unique ids that sort by time', () => {
  const times = [
    '2024-01-15T00:00:00.001Z',
    '2024-01-15T00:00:00.016Z',
    '2024-01-15T23:00:00Z',
    '2024-01-16T00:00:00Z',
  ];
  const ids = times.map((time) => newEventId(new Date(time)));
  expect([...ids].sort()).toEqual(ids);
  const now = new Date();
  expect(new Set(Array.from({ length: 10_000 }, () => newEventId(now))).size).toBe(10_000);
});

test('eventIdTime returns the day of an id in the documented format', () => {
  const day = { from: new Date('2024-01-15T00:00:00Z'), to: new Date('2024-01-16T00:00:00Z') };
  expect(eventIdTime('evt-20240115-abc123')).toEqual({ known: 'day', ...day });
  // Same length as newEventId creates, but its millisecond exceeds a day.
  expect(eventIdTime(`evt-20240115-${'f'.repeat(23)}`)).toEqual({ known: 'day', ...day });
});

test.each([
  '',
  'evt-',
  'evt-20240115',
  'evt-20240115-',
  'evt-20241301-abc123',
  'evt-20240230-abc123',
  'evt-00000000-abc123',
  'EVT-20240115-abc123',
  "evt-20240115-abc'--",
  'evt-20240115-../../x',
  `evt-20240115-${'a'.repeat(33)}`,
  'evt-20240115-abc\0',
  'evt-20240115-abc123\n',
])('eventIdTime returns null for %j', (id) => {
  expect(eventIdTime(id)).toBeNull();
});
