import { expect, test } from 'vitest';
import { ConfigError, readConfig, ServiceConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x' };

test('what is not said has its default', () => {
  expect(readConfig(ServiceConfig, good)).toEqual({
    ...good,
    LOG_LEVEL: 'info',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: 9464,
  });
});

test('an empty variable counts as absent', () => {
  expect(readConfig(ServiceConfig, { ...good, REDIS_URL: '', LOG_LEVEL: '' })).toMatchObject({
    LOG_LEVEL: 'info',
  });
});

test('every variable that is wrong or missing is named, and what is wrong with it', () => {
  const read = () => readConfig(ServiceConfig, { REDIS_URL: 'http://x', ADMIN_PORT: '70000' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/^DATABASE_URL: is not set$/m);
  expect(read).toThrow(/^REDIS_URL: must be a redis:\/\/ or rediss:\/\/ URL$/m);
  expect(read).toThrow(/^ADMIN_PORT: /m);
});

test('a password inside a URL that is refused is not repeated', () => {
  expect(() => readConfig(ServiceConfig, { DATABASE_URL: 'mysql://root:hunter2@x' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }) as Error,
  );
});
