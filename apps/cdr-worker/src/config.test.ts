import { expect, test } from 'vitest';
import { readWorkerConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x' };

test('readWorkerConfig requires only a database', () => {
  expect(readWorkerConfig(good)).toMatchObject({ CONCURRENCY: 2, DEFAULT_REGION: 'US' });
});

test.each([
  ['CONCURRENCY', '0'],
  ['CONCURRENCY', 'many'],
  ['DEFAULT_REGION', 'usa'],
  ['SWEEP_GRACE', '0'],
  ['RETENTION_DAYS', '0'],
  ['MUNCH_REST_BUSY', '-1'],
  ['MUNCH_REST_IDLE', 'none'],
  ['SGAPI_URL', 'ftp://example.com'],
  ['SGAPI_URL', 'example.com'],
  ['SGAPI_SECRET', 'too short'],
])('readWorkerConfig rejects %s=%s and names the variable', (name, value) => {
  expect(() => readWorkerConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});

test('readWorkerConfig requires SGAPI_SECRET with SGAPI_URL, and treats an empty URL as not set', () => {
  const url = { ...good, SGAPI_URL: 'http://10.0.0.7:8080/cdrs?tenant=1' };
  expect(() => readWorkerConfig(url)).toThrow(/^SGAPI_SECRET: is not set$/m);
  const SGAPI_SECRET = 'sixteen letters!';
  expect(readWorkerConfig({ ...url, SGAPI_SECRET })).toMatchObject({ ...url, SGAPI_SECRET });
  expect(readWorkerConfig({ ...good, SGAPI_URL: '' })).not.toHaveProperty('SGAPI_URL');
});
