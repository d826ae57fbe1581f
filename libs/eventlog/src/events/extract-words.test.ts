import { expect, test } from 'vitest';
import { extractWords } from './extract-words.ts';

test.each([
  ['Failed login attempt from unknown IP', ['failed', 'login', 'attempt', 'from', 'unknown', 'ip']],
  ['user_login user-login USER.LOGIN', ['user', 'login']],
  ['/etc/passwd 203.0.113.50', ['etc', 'passwd', '203', '0', '113', '50']],
  ['Grüße aus ÎLE İstanbul', ['grüße', 'aus', 'île', 'i̇stanbul']],
  ['ﬁle １２３', ['file', '123']],
  ['通話 終了', ['通話', '終了']],
  ['… !!! -- ;', []],
  ['a\0b \ud800c', ['a', 'b', 'c']],
  ['', []],
])('extractWords(%j) is %j', (text, words) => {
  expect(extractWords(text)).toEqual(words);
});

test('extractWords truncates a long word at a whole character', () => {
  expect(extractWords('x'.repeat(4_096))).toEqual(['x'.repeat(64)]);
  expect(extractWords('𝒳'.normalize('NFC') + '𠮷'.repeat(100))).toEqual([`x${'𠮷'.repeat(63)}`]);
});
