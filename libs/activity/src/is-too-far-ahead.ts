/** How far the clock of a client may be ahead of this server's. */
const MAX_CLOCK_SKEW_MS = 24 * 60 * 60 * 1_000;

/** Whether `at` is in the future by more than clocks may differ. `now`: milliseconds since 1970. */
export function isTooFarAhead(at: Date, now: number): boolean {
  return at.getTime() > now + MAX_CLOCK_SKEW_MS;
}

/** The validation message for such a time. */
export const TOO_FAR_AHEAD_MESSAGE = 'must not be more than a day in the future';
