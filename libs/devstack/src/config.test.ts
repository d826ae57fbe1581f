import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('an empty environment is a complete one: this machine only, everything embedded, with demo data', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATA_DIR: '.oriontel',
    DEMO_DATA: 'on',
  });
});

test('an empty variable counts as none', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ PORT: 3000, DATABASE_URL: undefined });
});

test('a database somebody brought gets no demo data unless it is asked for', () => {
  const DATABASE_URL = 'postgresql://me@db.example.com/oriontel';
  expect(readConfig({ DATABASE_URL }).DEMO_DATA).toBe('off');
  expect(readConfig({ DATABASE_URL, DEMO_DATA: 'on' }).DEMO_DATA).toBe('on');
});

test.each([
  { PORT: '99999' },
  { PORT: 'http' },
  { DATABASE_URL: 'mysql://db' },
  { REDIS_URL: 'localhost:6379' },
  { DEMO_DATA: 'yes' },
  { LOG_LEVEL: 'loud' },
  { RATE_LIMITS: '5' },
])('%o is rejected by its name', (env) => {
  expect(() => readConfig(env)).toThrow(new RegExp(`^${Object.keys(env)[0]}: `));
});

test('a rejected value is not repeated, it may hold a password', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://me:secret@db' })).not.toThrow(/secret/);
});
