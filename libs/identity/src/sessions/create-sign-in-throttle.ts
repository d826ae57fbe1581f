import { Failure } from '@oriontel/contracts';
import { LRUCache } from 'lru-cache';

/** One attempt to sign in: the username as sent, and the address of the client. */
export interface SignInAttempt {
  username: string;
  address: string;
}

export interface SignInThrottle {
  /** @throws Failure too_many_requests while the account is throttled for this address */
  check: (attempt: SignInAttempt) => void;
  /** Counts a wrong password, or an unknown username. */
  recordFailure: (attempt: SignInAttempt) => void;
  /** Ends the throttling of the account for this address. */
  recordSuccess: (attempt: SignInAttempt) => void;
}

/** Failures of one address with one account after which the delay begins. */
const FREE_FAILURES = 5;
/** Failures of all addresses with one account after which an address waits after each failure. */
const FREE_ACCOUNT_FAILURES = 20;
const MAX_DELAY_MS = 60_000;
const FORGET_AFTER_MS = 15 * 60_000;
const MAX_REMEMBERED = 20_000;

interface Failures {
  count: number;
  lastAt: number;
}

/**
 * Delays attempts to guess a password. The delay after a failure doubles from 1 s to 60 s, and is counted per
 * account and address, so that guesses from elsewhere do not lock the owner out: the first attempt from an
 * address is always free. Kept in the memory of this process; `now` in milliseconds.
 */
export function createSignInThrottle(now: () => number = Date.now): SignInThrottle {
  const options = { max: MAX_REMEMBERED, ttl: FORGET_AFTER_MS, ttlResolution: 0, perf: { now } };
  const byAddress = new LRUCache<string, Failures>(options);
  const byAccount = new LRUCache<string, Failures>(options);

  function record(cache: LRUCache<string, Failures>, key: string): void {
    cache.set(key, { count: (cache.get(key)?.count ?? 0) + 1, lastAt: now() });
  }

  return {
    check(attempt) {
      const own = byAddress.get(addressKey(attempt));
      if (!own) return;
      const all = byAccount.get(accountKey(attempt))?.count ?? 0;
      const delayMs = Math.max(
        delayAfter(own.count - FREE_FAILURES),
        delayAfter(all - FREE_ACCOUNT_FAILURES),
      );
      const waitMs = own.lastAt + delayMs - now();
      if (waitMs <= 0) return;
      const retryAfter = Math.ceil(waitMs / 1_000);
      const message = `Too many failed attempts to sign in. Retry in ${retryAfter} seconds.`;
      throw new Failure('too_many_requests', message, { retryAfter });
    },
    recordFailure(attempt) {
      record(byAddress, addressKey(attempt));
      record(byAccount, accountKey(attempt));
    },
    recordSuccess(attempt) {
      byAddress.delete(addressKey(attempt));
    },
  };
}

/** 0 up to the first excess failure, then 1 s, 2 s, 4 s, … */
function delayAfter(excessFailures: number): number {
  return excessFailures < 0 ? 0 : Math.min(MAX_DELAY_MS, 1_000 * 2 ** excessFailures);
}

function accountKey({ username }: SignInAttempt): string {
  return username.toLowerCase();
}

function addressKey(attempt: SignInAttempt): string {
  return `${attempt.address} ${accountKey(attempt)}`;
}
