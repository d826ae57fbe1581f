import { expect, test } from 'vitest';
import { IpAddress, normalizeAddress } from './ip-address.ts';

test.each([
  ['203.0.113.50', '203.0.113.50'],
  ['2001:0DB8:0:0::0001', '2001:db8::1'],
  ['::', '::'],
  ['fe80:0:0:0:1:0:0:0', 'fe80::1:0:0:0'],
  ['::ffff:192.168.1.100', '192.168.1.100'],
  ['0:0:0:0:0:FFFF:0a00:00ff', '10.0.0.255'],
])('normalizeAddress(%s) is %s', (address, normal) => {
  expect(IpAddress.safeParse(address).success).toBe(true);
  expect(normalizeAddress(address)).toBe(normal);
});

test.each([
  '',
  '1.2.3',
  '1.2.3.256',
  '010.0.0.1',
  '10.0.0.0/8',
  'fe80::1%eth0',
  ':::',
  'localhost',
  '1.2.3.4 ',
])('IpAddress rejects %j', (address) => {
  expect(IpAddress.safeParse(address).success).toBe(false);
});
