import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';

/** RFC 9106, 4 (second recommendation, memory halved twice for small machines), OWASP's first choice for Argon2id: 19 MiB, 2 passes. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Each hash takes 19 MiB and a core: more at once would let a flood of logins take the machine. */
const MAX_CONCURRENT_HASHES = 2;

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** As slow for a user who does not exist (`hash` null) as for one who does. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

export function createPasswordHasher(): PasswordHasher {
  const limit = pLimit(MAX_CONCURRENT_HASHES);
  const nobody = limit(() => hash('nobody has this password', ARGON2ID));
  return {
    hash: (password) => limit(() => hash(password, ARGON2ID)),
    async verify(stored, password) {
      const against = stored ?? (await nobody);
      const matches = await limit(() => verify(against, password));
      return matches && stored !== null;
    },
  };
}
