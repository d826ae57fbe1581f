import { describe, expect, test } from 'vitest';
import { assertPublicHost, createLookup, resolveInDns } from './public-host.ts';

describe('assertPublicHost', () => {
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
  ])('rejects the private address in %s', (url) => {
    expect(() => assertPublicHost(new URL(url).hostname)).toThrow('not public');
  });

  test('accepts a name, which the lookup checks, and a public address', () => {
    expect(() => assertPublicHost(new URL('http://localhost/').hostname)).not.toThrow();
    expect(() => assertPublicHost('8.8.8.8')).not.toThrow();
  });
});

describe('createLookup', () => {
  const v4 = (address: string) => ({ address, family: 4 });
  function lookUp(addresses: string[], { allowPrivate = false, all = true } = {}) {
    return new Promise((resolve) => {
      const lookup = createLookup(allowPrivate, async () => addresses.map(v4));
      lookup('hooks.example.com', { all }, (error, ...found) => resolve(error ?? found));
    });
  }

  test('returns the public addresses of a name', async () => {
    expect(await lookUp(['1.1.1.1', '8.8.8.8'])).toEqual([[v4('1.1.1.1'), v4('8.8.8.8')]]);
    expect(await lookUp(['1.1.1.1'], { all: false })).toEqual(['1.1.1.1', 4]);
  });

  test.each([[['127.0.0.1']], [['8.8.8.8', '10.0.0.1']], [['169.254.169.254', '1.1.1.1']]])(
    'rejects a name that resolves to %s, unless private addresses are allowed',
    async (addresses) => {
      expect(await lookUp(addresses)).toMatchObject({ code: 'EPRIVATE' });
      expect(await lookUp(addresses, { all: false })).toMatchObject({ code: 'EPRIVATE' });
      expect(await lookUp(addresses, { allowPrivate: true })).toEqual([addresses.map(v4)]);
    },
  );

  test('fails with EDNS if the name has no address', async () => {
    expect(await lookUp([])).toMatchObject({ code: 'EDNS' });
  });

  test('fails with EDNS and the cause if the name cannot be resolved', async () => {
    const failed = new Promise((resolve) => {
      createLookup(true, () => Promise.reject(new Error('no such name')))('x', {}, (error) => resolve(error));
    });
    expect(await failed).toMatchObject({ code: 'EDNS', cause: { message: 'no such name' } });
  });

  test('also resolves names of /etc/hosts if private addresses are allowed', async () => {
    const found = new Promise((resolve) => {
      createLookup(true)('localhost', { all: true }, (_error, addresses) => resolve(addresses));
    });
    expect(JSON.stringify(await found)).toMatch(/127\.0\.0\.1|::1/);
  });
});

describe('resolveInDns', () => {
  const fails = () => Promise.reject(new Error('ENODATA'));

  test('returns the IPv4 addresses, then the IPv6 addresses', async () => {
    const resolver = { resolve4: async () => ['192.0.2.1'], resolve6: async () => ['2001:db8::1'] };
    expect(await resolveInDns('hooks.example.com', resolver as never)).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
  });

  test('needs addresses of one family only', async () => {
    const resolver = { resolve4: fails, resolve6: async () => ['2001:db8::1'] };
    expect(await resolveInDns('hooks.example.com', resolver as never)).toEqual([
      { address: '2001:db8::1', family: 6 },
    ]);
    await expect(resolveInDns('x', { resolve4: fails, resolve6: fails })).rejects.toThrow('ENODATA');
  });
});
