import { describe, expect, test } from 'vitest';
import { assertPublicHost, createLookup } from './public-host.ts';

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
    expect(() => assertPublicHost(new URL(url).hostname)).toThrow('not public');
  });

  test('of a name is judged when the name is looked up', () => {
    expect(() => assertPublicHost(new URL('http://localhost/').hostname)).not.toThrow();
  });
});

describe('a name', () => {
  const v4 = (address: string) => ({ address, family: 4 });
  function lookUp(addresses: string[], { allowPrivate = false, all = true } = {}) {
    return new Promise((resolve) => {
      const lookup = createLookup(allowPrivate, async () => addresses.map(v4));
      lookup('hooks.example.com', { all }, (error, ...found) => resolve(error ?? found));
    });
  }

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
