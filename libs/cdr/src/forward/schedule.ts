/** When what failed is tried again. All in seconds. */
export interface Schedule {
  /** After the first failure; twice that after the next … */
  first: number;
  /** … and at most. Also the most that a Retry-After is heeded. */
  longest: number;
  /** A batch that still fails so long after its first try becomes a dead letter. */
  giveUpAfter: number;
  /** Failures in a row that open the circuit. */
  threshold: number;
  /** The most between two probes while the circuit is open. */
  longestOpen: number;
  /** How long a batch stays with a sender that does not come back; more than any try takes. */
  lease: number;
}

export const SCHEDULE: Schedule = {
  first: 1,
  longest: 600,
  giveUpAfter: 86_400,
  threshold: 5,
  longestOpen: 30,
  lease: 30,
};

/** Seconds until the try after this one; a quarter more or less, so that what failed together does not come back together. */
export const delayAfter = (
  { first, longest }: Schedule,
  attempts: number,
  retryAfter: number,
  random = Math.random,
): number => {
  const delay = first * 2 ** Math.min(attempts - 1, 30) * (0.75 + random() / 2);
  return Math.min(longest, Math.max(delay, retryAfter));
};
