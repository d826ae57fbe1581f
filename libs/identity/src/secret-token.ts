import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'uuid';

const ID_BYTES = 16;
const SECRET_BYTES = 32;

/** The parts of a token that are stored: they do not suffice to use it. */
export interface DecodedToken {
  id: string;
  /** SHA-256: a secret of 256 random bits gains nothing from a slow hash. */
  secretHash: Uint8Array<ArrayBuffer>;
}

/**
 * Tokens that carry the UUID of a row and a random secret of 256 bits, base64url-encoded after `prefix`. The
 * prefix distinguishes kinds of tokens from each other and from a JWT, and lets secret scanners find a leaked
 * one.
 */
export function createSecretTokens(prefix: string) {
  return {
    hasPrefix: (text: string): boolean => text.startsWith(prefix),

    /** Creates a token with a new secret for the row `id`. */
    mint(id: string): DecodedToken & { token: string } {
      const secret = randomBytes(SECRET_BYTES);
      const token = prefix + Buffer.concat([parse(id), secret]).toString('base64url');
      return { id, token, secretHash: sha256(secret) };
    },

    /** Returns null if the text is not a token of this kind. */
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
