import { describe, expect, test } from 'vitest';
import { isPublicAddress, mustBePublic, openLookup } from './public-address.ts';

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::808:808',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'localhost',
  '',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.1',
  '198.17.255.255',
  '223.255.255.255',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe('a URL', () => {
  test.each([
    'http://127.0.0.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://127.1/',
    'http://017700000001/',
    'http://①②⑦.0.0.1/',
    'http://127.0.0.1./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
  ])('%s is refused as it stands', (url) => {
    expect(() => mustBePublic(new URL(url).hostname)).toThrow('not public');
  });

  test('of a name is judged when the name is looked up', () => {
    expect(() => mustBePublic(new URL('http://localhost/').hostname)).not.toThrow();
  });
});

describe('a name', () => {
  const v4 = (address: string) => ({ address, family: 4 });
  const lookUp = (addresses: string[], { allowPrivate = false, all = true } = {}) =>
    new Promise((resolve) => {
      const lookup = openLookup(allowPrivate, async () => addresses.map(v4));
      lookup('hooks.example.com', { all }, (error, ...found) => resolve(error ?? found));
    });

  test('that leads to public addresses gives just those', async () => {
    expect(await lookUp(['1.1.1.1', '8.8.8.8'])).toEqual([[v4('1.1.1.1'), v4('8.8.8.8')]]);
    expect(await lookUp(['1.1.1.1'], { all: false })).toEqual(['1.1.1.1', 4]);
  });

  test.each([[['127.0.0.1']], [['8.8.8.8', '10.0.0.1']], [['169.254.169.254', '1.1.1.1']]])(
    'that leads to %s is refused, whichever would be tried',
    async (addresses) => {
      expect(await lookUp(addresses)).toMatchObject({ code: 'EPRIVATE' });
      expect(await lookUp(addresses, { all: false })).toMatchObject({ code: 'EPRIVATE' });
      expect(await lookUp(addresses, { allowPrivate: true })).toEqual([addresses.map(v4)]);
    },
  );

  test('that leads nowhere is not found', async () => {
    expect(await lookUp([])).toMatchObject({ code: 'EDNS' });
  });
});
