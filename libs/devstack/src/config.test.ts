import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('readConfig completes an empty environment: loopback only, embedded stores, demo data', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATA_DIR: '.oriontel',
    DEMO_DATA: 'on',
    PROBE_ALLOW_PRIVATE: 'on',
  });
});

test('readConfig treats an empty variable as unset', () => {
  const config = readConfig({ PORT: '', DATABASE_URL: '' });
  expect(config.PORT).toBe(3000);
  expect(config.DATABASE_URL).toBeUndefined();
});

test.each(['DEMO_DATA', 'PROBE_ALLOW_PRIVATE'] as const)(
  'with a DATABASE_URL, %s is off unless it is set to on',
  (name) => {
    const DATABASE_URL = 'postgresql://me@db.example.com/oriontel';
    expect(readConfig({ DATABASE_URL })[name]).toBe('off');
    expect(readConfig({ DATABASE_URL, [name]: 'on' })[name]).toBe('on');
  },
);

test.each([
  { PORT: '99999' },
  { PORT: 'http' },
  { DATABASE_URL: 'mysql://db' },
  { REDIS_URL: 'localhost:6379' },
  { DEMO_DATA: 'yes' },
  { LOG_LEVEL: 'loud' },
  { RATE_LIMITS: '5' },
  { PROBE_ALLOW_PRIVATE: 'yes' },
  { INSPECT: 'on' },
])('readConfig rejects %o and names the variable', (env) => {
  expect(() => readConfig(env)).toThrow(new RegExp(`^${Object.keys(env)[0]}: `));
});

test('readConfig does not repeat a rejected value, which may contain a password', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://me:secret@db' })).not.toThrow(/secret/);
});
