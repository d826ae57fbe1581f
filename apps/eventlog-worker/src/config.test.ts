import { expect, test } from 'vitest';
import { readWorkerConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x' };

test('readWorkerConfig requires DATABASE_URL only', () => {
  expect(readWorkerConfig(good)).toMatchObject({ CONCURRENCY: 2, SWEEP_GRACE: 5 });
});

test.each([
  ['CONCURRENCY', '0'],
  ['CONCURRENCY', 'many'],
  ['SWEEP_GRACE', '0'],
  ['WEBHOOKS_ALLOW_PRIVATE', 'yes'],
  ['SMTP_URL', 'http://mail.example.com'],
  ['SMTP_URL', 'smtp://'],
  ['SMTP_URL', 'mail.example.com'],
  ['SMTP_FROM', 'OrionTel'],
  ['SMTP_FROM', 'a@example.com, b@example.com'],
])('readWorkerConfig rejects %s=%s and names the variable', (name, value) => {
  expect(() => readWorkerConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});

test('readWorkerConfig requires SMTP_FROM with SMTP_URL, as an address with or without a name', () => {
  const SMTP_URL = 'smtp://user:p%40ss@mail.example.com:587';
  expect(() => readWorkerConfig({ ...good, SMTP_URL })).toThrow(/^SMTP_FROM: is not set$/m);
  const from = (SMTP_FROM: string) => readWorkerConfig({ ...good, SMTP_URL, SMTP_FROM }).SMTP_FROM;
  expect(from('no-reply@example.com')).toEqual({ name: '', address: 'no-reply@example.com' });
  expect(from('OrionTel <no-reply@example.com>')).toEqual({
    name: 'OrionTel',
    address: 'no-reply@example.com',
  });
});
