import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { sameHash, secretWords } from './secret-word.ts';

const words = secretWords('otx_');

test('a word opens to the id and the hash it was made with', () => {
  const { id, word, secretHash } = words.mint(uuidv7());
  expect(words.is(word)).toBe(true);
  expect(words.open(word)).toEqual({ id, secretHash });
});

test('its hash is the SHA-256 of a secret that the word carries and the hash does not tell', () => {
  const { word, secretHash } = words.mint(uuidv7());
  const bytes = Buffer.from(word.slice(4), 'base64url');
  expect(createHash('sha256').update(bytes.subarray(16)).digest()).toEqual(Buffer.from(secretHash));
  expect(bytes.includes(Buffer.from(secretHash))).toBe(false);
});

test('two words of one id have different secrets', () => {
  const id = uuidv7();
  const [one, two] = [words.mint(id), words.mint(id)];
  expect(one.word).not.toBe(two.word);
  expect(sameHash(one.secretHash, two.secretHash)).toBe(false);
});

describe('no word is', () => {
  const { word } = words.mint(uuidv7());
  test.each([
    ['an empty text', ''],
    ['the prefix alone', 'otx_'],
    ['one of another kind', secretWords('oty_').mint(uuidv7()).word],
    ['one without its prefix', word.slice(4)],
    ['one that is cut', word.slice(0, -2)],
    ['one that is longer', `${word}AA`],
    ['one whose id is none', `otx_${Buffer.alloc(48, 0xff).fill(0x11, 0, 16).toString('base64url')}`],
    ['one of characters that base64url has not', `otx_${'é'.repeat(64)}`],
  ])('%s', (_name, text) => expect(words.open(text)).toBeNull());
});

test('hashes of different length are not the same', () => {
  expect(sameHash(new Uint8Array(32), new Uint8Array(32))).toBe(true);
  expect(sameHash(new Uint8Array(32), new Uint8Array(31))).toBe(false);
});
