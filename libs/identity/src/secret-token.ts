import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'uuid';

const ID_BYTES = 16;
const SECRET_BYTES = 32;

/** What is kept of a secret word: who could read it cannot use it. */
export interface DecodedToken {
  id: string;
  /** SHA-256: the secret has 256 random bits, so a slow hash would protect nothing more. */
  secretHash: Uint8Array<ArrayBuffer>;
}

/**
 * Words that carry the id of a row and a secret. Their prefix tells one kind of them from another, and from a JWT, and a
 * leaked one to a scanner.
 */
export function createSecretTokens(prefix: string) {
  return {
    hasPrefix: (text: string): boolean => text.startsWith(prefix),

    /** A new secret for the row. */
    mint(id: string): DecodedToken & { token: string } {
      const secret = randomBytes(SECRET_BYTES);
      const word = prefix + Buffer.concat([parse(id), secret]).toString('base64url');
      return { id, token: word, secretHash: sha256(secret) };
    },

    /** Null where the text cannot be one. */
    decode(text: string): DecodedToken | null {
      const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
      if (!text.startsWith(prefix) || bytes.length !== ID_BYTES + SECRET_BYTES) return null;
      try {
        return { id: stringify(bytes.subarray(0, ID_BYTES)), secretHash: sha256(bytes.subarray(ID_BYTES)) };
      } catch {
        return null;
      }
    },
  };
}

function sha256(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
