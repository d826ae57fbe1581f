import { expect, test } from 'vitest';
import { readMonitorConfig } from './config.ts';

const valid = { DATABASE_URL: 'postgres://localhost/x' };

test('readMonitorConfig requires a database only, and forbids private addresses by default', () => {
  expect(readMonitorConfig(valid)).toMatchObject({
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
])('readMonitorConfig refuses %s=%s and names the variable', (name, value) => {
  expect(() => readMonitorConfig({ ...valid, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});
