import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('an empty environment is a complete one: this machine only, everything embedded, with demo data', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATA_DIR: '.oriontel',
    DEMO_DATA: 'on',
    PROBE_ALLOW_PRIVATE: 'on',
  });
});

test('an empty variable counts as none', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ PORT: 3000, DATABASE_URL: undefined });
});

test.each(['DEMO_DATA', 'PROBE_ALLOW_PRIVATE'] as const)(
  'with a database somebody brought, %s is off unless it is asked for',
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
])('%o is rejected by its name', (env) => {
  expect(() => readConfig(env)).toThrow(new RegExp(`^${Object.keys(env)[0]}: `));
});

test('a rejected value is not repeated, it may hold a password', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://me:secret@db' })).not.toThrow(/secret/);
});
