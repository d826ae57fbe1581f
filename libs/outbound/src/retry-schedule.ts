/** When a failed request is sent again, and when it is given up. */
export interface RetrySchedule {
  /** Delay after the first failure; it doubles with each further failure in a row. */
  firstDelaySeconds: number;
  /** Upper limit of a delay, and of the `Retry-After` that is honored. */
  maxDelaySeconds: number;
  /** Time of uninterrupted failure after which there are no more retries. */
  giveUpAfterSeconds: number;
}

/** Share of a delay that is random, so that requests that failed together are not retried together. */
const JITTER = 0.25;

/**
 * Seconds to wait after `failures` failures in a row: exponential, up to 25 % less at random, and at least
 * `retryAfterSeconds`; never more than `maxDelaySeconds`.
 */
export function retryDelaySeconds(
  { firstDelaySeconds, maxDelaySeconds }: Pick<RetrySchedule, 'firstDelaySeconds' | 'maxDelaySeconds'>,
  failures: number,
  { retryAfterSeconds = 0, random = Math.random }: { retryAfterSeconds?: number; random?: () => number } = {},
): number {
  const delay = Math.min(firstDelaySeconds * 2 ** (failures - 1), maxDelaySeconds);
  return Math.max(delay * (1 - random() * JITTER), Math.min(retryAfterSeconds, maxDelaySeconds));
}
