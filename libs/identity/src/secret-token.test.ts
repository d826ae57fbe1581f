import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { sameHash, createSecretTokens } from './secret-token.ts';

const words = createSecretTokens('otx_');

test('a word opens to the id and the hash it was made with', () => {
  const { id, token, secretHash } = words.mint(uuidv7());
  expect(words.hasPrefix(token)).toBe(true);
  expect(words.decode(token)).toEqual({ id, secretHash });
});

test('its hash is the SHA-256 of a secret that the word carries and the hash does not tell', () => {
  const { token, secretHash } = words.mint(uuidv7());
  const bytes = Buffer.from(token.slice(4), 'base64url');
  expect(createHash('sha256').update(bytes.subarray(16)).digest()).toEqual(Buffer.from(secretHash));
  expect(bytes.includes(Buffer.from(secretHash))).toBe(false);
});

test('two words of one id have different secrets', () => {
  const id = uuidv7();
  const [one, two] = [words.mint(id), words.mint(id)];
  expect(one.token).not.toBe(two.token);
  expect(sameHash(one.secretHash, two.secretHash)).toBe(false);
});

describe('no word is', () => {
  const { token } = words.mint(uuidv7());
  test.each([
    ['an empty text', ''],
    ['the prefix alone', 'otx_'],
    ['one of another kind', createSecretTokens('oty_').mint(uuidv7()).token],
    ['one without its prefix', token.slice(4)],
    ['one that is cut', token.slice(0, -2)],
    ['one that is longer', `${token}AA`],
    ['one whose id is none', `otx_${Buffer.alloc(48, 0xff).fill(0x11, 0, 16).toString('base64url')}`],
    ['one of characters that base64url has not', `otx_${'é'.repeat(64)}`],
  ])('%s', (_name, text) => expect(words.decode(text)).toBeNull());
});

test('hashes of different length are not the same', () => {
  expect(sameHash(new Uint8Array(32), new Uint8Array(32))).toBe(true);
  expect(sameHash(new Uint8Array(32), new Uint8Array(31))).toBe(false);
});
