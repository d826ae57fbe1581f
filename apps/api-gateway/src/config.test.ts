import { expect, test } from 'vitest';
import { rateLimitsOf, readGatewayConfig } from './config.ts';

const good = { DATABASE_URL: 'postgres://localhost/x', JWT_SECRET: 'x'.repeat(32) };

test('readGatewayConfig requires only a database and a secret', () => {
  expect(readGatewayConfig(good)).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    TOKEN_LIFETIME: 3600,
    DEMO_DATA: 'off',
    QUEUE_BOARD: 'read',
  });
});

test.each([
  ['JWT_SECRET', 'short'],
  ['PORT', '65536'],
  ['TOKEN_LIFETIME', '0'],
  ['DEFAULT_REGION', 'us'],
  ['DEMO_DATA', 'yes'],
  ['SESSION_LIFETIME', '60'],
  ['RATE_LIMITS', 'no'],
  ['RATE_LIMIT_CDR', '0'],
  ['RATE_LIMIT_GUEST', '20/min'],
  ['QUEUE_BOARD', 'on'],
  ['TRUST_PROXY', 'true'],
  ['TRUST_PROXY', '1'],
  ['TRUST_PROXY', 'loopback'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '10.0.0.0/8/8'],
  ['TRUST_PROXY', '10.0.0.1,'],
  ['TRUST_PROXY', '::1/129'],
  ['ADMIN_PASSWORD', 'short'],
  ['ADMIN_EMAIL', 'nobody'],
])('readGatewayConfig rejects %s=%s and names the variable', (name, value) => {
  expect(() => readGatewayConfig({ ...good, [name]: value })).toThrow(new RegExp(`^${name}: `, 'm'));
});

test('readGatewayConfig does not repeat a rejected secret', () => {
  expect(() => readGatewayConfig({ ...good, JWT_SECRET: 'hunter2', ADMIN_PASSWORD: 'hunter3' })).not.toThrow(
    /hunter/,
  );
});

test('TRUST_PROXY accepts addresses and CIDRs, separated by commas', () => {
  expect(readGatewayConfig(good).TRUST_PROXY).toEqual([]);
  expect(
    readGatewayConfig({ ...good, TRUST_PROXY: '10.0.0.0/8, 192.0.2.1,::1,2001:db8::/32' }).TRUST_PROXY,
  ).toEqual(['10.0.0.0/8', '192.0.2.1', '::1', '2001:db8::/32']);
});

test('rateLimitsOf returns the documented limits, configured ones, or null when disabled', () => {
  const documented = {
    cdr: 1000,
    events: 500,
    logs: 100,
    gateways: 300,
    qr: 60,
    board: 600,
    signed_in: 100,
    guest: 20,
  };
  expect(rateLimitsOf(readGatewayConfig(good))).toEqual(documented);
  const set = { RATE_LIMIT_CDR: '5', RATE_LIMIT_GUEST: '1' };
  expect(rateLimitsOf(readGatewayConfig({ ...good, ...set }))).toEqual({ ...documented, cdr: 5, guest: 1 });
  expect(rateLimitsOf(readGatewayConfig({ ...good, RATE_LIMITS: 'off' }))).toBeNull();
});
