import { expect, test } from 'vitest';
import { readWorkerConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x' };

test('a database is all a worker must be told', () => {
  expect(readWorkerConfig(good)).toMatchObject({ CONCURRENCY: 2, SWEEP_GRACE: 5 });
});

test.each([
  ['CONCURRENCY', '0'],
  ['CONCURRENCY', 'many'],
  ['SWEEP_GRACE', '0'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readWorkerConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});
