import { expect, test } from 'vitest';
import { readGatewayConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x', JWT_SECRET: 'x'.repeat(32) };

test('a database and a secret are all a gateway must be told', () => {
  expect(readGatewayConfig(good)).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    TOKEN_LIFETIME: 3600,
    DEMO_DATA: 'off',
  });
});

test.each([
  ['JWT_SECRET', 'short'],
  ['PORT', '65536'],
  ['TOKEN_LIFETIME', '0'],
  ['DEFAULT_REGION', 'us'],
  ['DEMO_DATA', 'yes'],
  ['ADMIN_PASSWORD', 'short'],
  ['ADMIN_EMAIL', 'nobody'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readGatewayConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});

test('a secret that is refused is not repeated', () => {
  expect(() => readGatewayConfig({ ...good, JWT_SECRET: 'hunter2', ADMIN_PASSWORD: 'hunter3' })).not.toThrow(
    /hunter/,
  );
});
