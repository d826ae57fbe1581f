/** Milliseconds by which the clock of whoever tells us may be ahead of ours. */
const MAX_CLOCK_SKEW_MS = 24 * 60 * 60 * 1_000;

/** `now`: milliseconds since 1970. */
export function isTooFarAhead(at: Date, now: number): boolean {
  return at.getTime() > now + MAX_CLOCK_SKEW_MS;
}

/** What a client is told where it is. */
export const TOO_FAR_AHEAD_MESSAGE = 'must not be more than a day in the future';
