import { expect, test } from 'vitest';
import { classifyConnectionError } from './classify-connection-error.ts';
import { outboundError } from './outbound-error.ts';

function errorOf(code: string) {
  return Object.assign(new Error(`connect ${code} 10.0.0.7:443`), { code });
}

test.each([
  ['EPRIVATE', 'private_address'],
  ['EDNS', 'dns'],
  ['ECONNREFUSED', 'connection'],
  ['ECONNRESET', 'connection'],
  ['EPIPE', 'connection'],
  ['ETIMEDOUT', 'timeout'],
  ['ENORESPONSE', 'timeout'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['EPROTO', 'tls'],
  ['HPE_INVALID_CONSTANT', 'bad_answer'],
  ['EHOSTUNREACH', 'connection'],
])('classifyConnectionError maps %s to %s and reveals no address', (code, error) => {
  const classified = classifyConnectionError(errorOf(code));
  expect(classified).toMatchObject({ error, code });
  expect(classified.detail).not.toContain('10.0.0.7');
});

test('classifyConnectionError returns the code of the resolver, else the name of the error', () => {
  const lookup = outboundError('EDNS', 'host name not found', errorOf('ENOTFOUND'));
  expect(classifyConnectionError(lookup)).toMatchObject({ error: 'dns', code: 'ENOTFOUND' });
  expect(classifyConnectionError(new TypeError('odd'))).toMatchObject({
    error: 'connection',
    code: 'TypeError',
  });
});
