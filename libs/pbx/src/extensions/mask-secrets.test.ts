import { expect, test } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

test.each(['secret', 'Password', 'SIP_PASSWD', 'passwd', 'pin', 'voicemailPIN', 'authToken', 'credentials'])(
  'the value of %s is masked, whatever its type',
  (key) => {
    for (const value of ['x', 4711, null, true, ['a'], { b: 'c' }])
      expect(maskSecrets({ [key]: value })).toEqual({ [key]: '********' });
  },
);

test.each(['codec', 'pinned', 'spine', 'host', 'pass', 'port'])('the value of %s is not masked', (key) => {
  expect(maskSecrets({ [key]: 'x' })).toEqual({ [key]: 'x' });
});

test('only secrets are masked, at any depth and in lists', () => {
  function trunks(secret: string) {
    return [{ host: 'a', auth: { secret } }, [{ token: secret }], 'secret', null, 7];
  }
  expect(maskSecrets({ trunks: trunks('s3cret'), tags: ['x'] })).toEqual({
    trunks: trunks('********'),
    tags: ['x'],
  });
});

test('maskSecrets does not modify its argument', () => {
  const settings = { auth: { secret: 's3cret' } };
  maskSecrets(settings);
  expect(settings).toEqual({ auth: { secret: 's3cret' } });
});
