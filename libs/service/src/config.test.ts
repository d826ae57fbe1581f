import { expect, test } from 'vitest';
import { ConfigError, readConfig, ServiceConfig } from './config.ts';

const validEnv = { DATABASE_URL: 'postgres://localhost/x' };

test('readConfig fills in defaults', () => {
  expect(readConfig(ServiceConfig, validEnv)).toEqual({
    ...validEnv,
    LOG_LEVEL: 'info',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: 9464,
  });
});

test('readConfig treats an empty variable as not set', () => {
  expect(readConfig(ServiceConfig, { ...validEnv, REDIS_URL: '', LOG_LEVEL: '' })).toMatchObject({
    LOG_LEVEL: 'info',
  });
});

test('readConfig names every invalid or missing variable with its problem', () => {
  const read = () => readConfig(ServiceConfig, { REDIS_URL: 'http://x', ADMIN_PORT: '70000' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/^DATABASE_URL: is not set$/m);
  expect(read).toThrow(/^REDIS_URL: must be a redis:\/\/ or rediss:\/\/ URL$/m);
  expect(read).toThrow(/^ADMIN_PORT: /m);
});

test('readConfig does not repeat the password of an invalid URL', () => {
  expect(() => readConfig(ServiceConfig, { DATABASE_URL: 'mysql://root:hunter2@x' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }) as Error,
  );
});
