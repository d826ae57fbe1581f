import { hash, verify } from '@node-rs/argon2';
import { Failure } from '@oriontel/contracts';
import pLimit from 'p-limit';

/** Argon2id (algorithm 2, RFC 9106) with the OWASP minimum for small machines: 19 MiB, 2 passes, 1 lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash takes 19 MiB and a core: the limit keeps a flood of logins from exhausting the machine. */
const MAX_CONCURRENT_HASHES = 2;

/** A hash takes about 50 ms: whoever waits behind so many would wait for more than a second. */
const MAX_WAITING_HASHES = 50;
const RETRY_AFTER_SECONDS = 2;

/** Rejects with Failure unavailable while too many hashes wait. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /**
   * Takes as long for an unknown user (`hash` null) as for a known one. Not begun if `signal` aborts first.
   */
  verify(hash: string | null, password: string, signal?: AbortSignal): Promise<boolean>;
}

export function createPasswordHasher(): PasswordHasher {
  const limit = pLimit(MAX_CONCURRENT_HASHES);
  const dummyHash = limit(() => hash('nobody has this password', ARGON2ID));

  async function whenFree<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (limit.pendingCount >= MAX_WAITING_HASHES) {
      const message = 'Too many sign-ins are waiting. Try again later.';
      throw new Failure('unavailable', message, { retryAfter: RETRY_AFTER_SECONDS });
    }
    return limit(() => {
      if (signal?.aborted) throw new Failure('unavailable', 'The client has disconnected.');
      return work();
    });
  }

  return {
    hash: (password) => whenFree(() => hash(password, ARGON2ID)),
    async verify(stored, password, signal) {
      const expected = stored ?? (await dummyHash);
      const matches = await whenFree(() => verify(expected, password), signal);
      return matches && stored !== null;
    },
  };
}
