import { expect, test } from 'vitest';
import { cdrId, startTimeOf } from './cdr-id.ts';

const key = { callId: 'abc', source: 'node', startTime: new Date('2024-01-15T10:30:00.123Z') };

test('cdrId returns the same UUIDv8 for the same key', () => {
  expect(cdrId(1, key)).toBe(cdrId(1, { ...key }));
  expect(cdrId(1, key)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.each([
  [2, key],
  [1, { ...key, callId: 'abd' }],
  [1, { ...key, source: 'other' }],
  [1, { ...key, startTime: new Date(key.startTime.getTime() + 1) }],
  // Equal to the key above if its parts were joined without quotes.
  [1, { ...key, callId: 'c', source: 'node","ab' }],
])('cdrId returns another id for another key: %j', (orgId, other) =>
  expect(cdrId(orgId, other)).not.toBe(cdrId(1, key)),
);

test.each(['1970-01-01T00:00:00Z', '2024-01-15T10:30:00.123Z', '9998-12-31T23:59:59.999Z'])(
  'startTimeOf reads %s back from its id, and ids sort by start time',
  (time) => {
    const startTime = new Date(time);
    expect(startTimeOf(cdrId(1, { ...key, startTime }))).toEqual(startTime);
    expect(
      cdrId(1, { ...key, startTime }) < cdrId(1, { ...key, startTime: new Date(startTime.getTime() + 1) }),
    ).toBe(true);
  },
);
