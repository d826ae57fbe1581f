import { expect, test } from 'vitest';
import { readMonitorConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x' };

test('a database is all a monitor must be told, and it probes no private addresses unasked', () => {
  expect(readMonitorConfig(good)).toMatchObject({
    CONCURRENCY: 2,
    SWEEP_GRACE: 5,
    PROBING: 'on',
    PROBE_ALLOW_PRIVATE: 'off',
    PROBE_TLS_VERIFY: 'on',
  });
});

test.each([
  ['CONCURRENCY', '0'],
  ['SWEEP_GRACE', '0'],
  ['PROBING', 'yes'],
  ['PROBE_ALLOW_PRIVATE', 'true'],
  ['PROBE_TLS_VERIFY', '1'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readMonitorConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});
