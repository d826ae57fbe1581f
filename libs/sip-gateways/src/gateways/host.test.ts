import { expect, test } from 'vitest';
import { Host } from './host.ts';

const isHost = (text: unknown) => Host.safeParse(text).success;

test.each([
  'sip-east.example.com',
  'localhost',
  'SIP.Example.COM',
  'a',
  'xn--mnchen-3ya.example',
  '3com.example',
  `${'a'.repeat(63)}.example`,
  `${'a.'.repeat(126)}a`,
  '192.0.2.1',
  '2001:db8::1',
  '::1',
  '::ffff:192.0.2.1',
])('Host accepts %s', (host) => expect(isHost(host)).toBe(true));

test.each([
  '',
  ' ',
  '.',
  'sip.example.com.',
  '.example.com',
  'a..b',
  '-a.example',
  'a-.example',
  'a_b.example',
  'münchen.example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(127)}a`,
  '192.0.2',
  '192.0.2.256',
  '192.0.2.01',
  '192.0.2.1.5',
  '0x7f000001',
  '2130706433',
  '2001:db8::1::1',
  '[2001:db8::1]',
  'fe80::1%eth0',
  'sip.example.com:5060',
  'sip:sip.example.com',
  'user@sip.example.com',
  'http://sip.example.com/',
  '../../etc/passwd',
  "a' OR 1=1 --",
  'a\0b.example',
  'a\r\nVia: x',
  5060,
  null,
  ['a'],
])('Host rejects %j', (host) => expect(isHost(host)).toBe(false));
