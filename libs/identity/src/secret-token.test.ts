import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { sameHash, createSecretTokens } from './secret-token.ts';

const tokens = createSecretTokens('otx_');

test('decode returns the id and the secret hash that mint returned', () => {
  const { id, token, secretHash } = tokens.mint(uuidv7());
  expect(tokens.hasPrefix(token)).toBe(true);
  expect(tokens.decode(token)).toEqual({ id, secretHash });
});

test('the hash is the SHA-256 of the secret in the token, and the token does not contain it', () => {
  const { token, secretHash } = tokens.mint(uuidv7());
  const bytes = Buffer.from(token.slice(4), 'base64url');
  expect(createHash('sha256').update(bytes.subarray(16)).digest()).toEqual(Buffer.from(secretHash));
  expect(bytes.includes(Buffer.from(secretHash))).toBe(false);
});

test('two tokens of one id have different secrets', () => {
  const id = uuidv7();
  const [one, two] = [tokens.mint(id), tokens.mint(id)];
  expect(one.token).not.toBe(two.token);
  expect(sameHash(one.secretHash, two.secretHash)).toBe(false);
});

describe('decode returns null for', () => {
  const { token } = tokens.mint(uuidv7());
  test.each([
    ['an empty text', ''],
    ['the prefix alone', 'otx_'],
    ['a token of another kind', createSecretTokens('oty_').mint(uuidv7()).token],
    ['a token without its prefix', token.slice(4)],
    ['a truncated token', token.slice(0, -2)],
    ['a token with extra characters', `${token}AA`],
    [
      'a token whose id is not a UUID',
      `otx_${Buffer.alloc(48, 0xff).fill(0x11, 0, 16).toString('base64url')}`,
    ],
    ['characters outside base64url', `otx_${'é'.repeat(64)}`],
  ])('%s', (_name, text) => expect(tokens.decode(text)).toBeNull());
});

test('sameHash is false for hashes of different lengths', () => {
  expect(sameHash(new Uint8Array(32), new Uint8Array(32))).toBe(true);
  expect(sameHash(new Uint8Array(32), new Uint8Array(31))).toBe(false);
});
