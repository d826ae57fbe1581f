/** Milliseconds by which the clock of whoever tells us may be ahead of ours. */
const DAY = 24 * 60 * 60 * 1_000;

/** `now`: milliseconds since 1970. */
export const isAhead = (at: Date, now: number): boolean => at.getTime() > now + DAY;

/** What a client is told where it is. */
export const AHEAD = 'must not be more than a day in the future';
