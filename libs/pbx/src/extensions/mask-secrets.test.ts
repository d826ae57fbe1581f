import { expect, test } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

test.each(['secret', 'Password', 'SIP_PASSWD', 'passwd', 'pin', 'voicemailPIN', 'authToken', 'credentials'])(
  '%s is hidden, whatever it is',
  (key) => {
    for (const value of ['x', 4711, null, true, ['a'], { b: 'c' }])
      expect(maskSecrets({ [key]: value })).toEqual({ [key]: '********' });
  },
);

test.each(['codec', 'pinned', 'spine', 'host', 'pass', 'port'])('%s is not', (key) => {
  expect(maskSecrets({ [key]: 'x' })).toEqual({ [key]: 'x' });
});

test('a secret is hidden at any depth, also in lists, and what stands around it is not', () => {
  function trunks(secret: string) {
    return [{ host: 'a', auth: { secret } }, [{ token: secret }], 'secret', null, 7];
  }
  expect(maskSecrets({ trunks: trunks('s3cret'), tags: ['x'] })).toEqual({
    trunks: trunks('********'),
    tags: ['x'],
  });
});

test('the settings themselves stay as they are', () => {
  const settings = { auth: { secret: 's3cret' } };
  maskSecrets(settings);
  expect(settings).toEqual({ auth: { secret: 's3cret' } });
});
