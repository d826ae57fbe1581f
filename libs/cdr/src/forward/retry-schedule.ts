/** When what failed is tried again. All in seconds. */
export interface RetrySchedule {
  /** After the first failure; twice that after the next … */
  firstDelaySeconds: number;
  /** … and at most. Also the most that a Retry-After is heeded. */
  maxDelaySeconds: number;
  /** A batch that still fails so long after its first try becomes a dead letter. */
  giveUpAfterSeconds: number;
  /** Failures in a row that open the circuit. */
  failureThreshold: number;
  /** The most between two probes while the circuit is open. */
  maxOpenSeconds: number;
  /** How long a batch stays with a sender that does not come back; more than any try takes. */
  leaseSeconds: number;
}

export const RETRY_SCHEDULE: RetrySchedule = {
  firstDelaySeconds: 1,
  maxDelaySeconds: 600,
  giveUpAfterSeconds: 86_400,
  failureThreshold: 5,
  maxOpenSeconds: 30,
  leaseSeconds: 30,
};

/** Seconds until the try after this one; a quarter more or less, so that what failed together does not come back together. */
export function retryDelaySeconds(
  { firstDelaySeconds, maxDelaySeconds }: RetrySchedule,
  attempts: number,
  retryAfter: number,
  random = Math.random,
): number {
  const delay = firstDelaySeconds * 2 ** Math.min(attempts - 1, 30) * (0.75 + random() / 2);
  return Math.min(maxDelaySeconds, Math.max(delay, retryAfter));
}
