import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';

/** Argon2id (algorithm 2, RFC 9106) with the OWASP minimum for small machines: 19 MiB, 2 passes, 1 lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash takes 19 MiB and a core: the limit keeps a flood of logins from exhausting the machine. */
const MAX_CONCURRENT_HASHES = 2;

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Takes as long for an unknown user (`hash` null) as for a known one. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

export function createPasswordHasher(): PasswordHasher {
  const limit = pLimit(MAX_CONCURRENT_HASHES);
  const dummyHash = limit(() => hash('nobody has this password', ARGON2ID));
  return {
    hash: (password) => limit(() => hash(password, ARGON2ID)),
    async verify(stored, password) {
      const expected = stored ?? (await dummyHash);
      const matches = await limit(() => verify(expected, password));
      return matches && stored !== null;
    },
  };
}
