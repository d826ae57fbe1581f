/** Seconds. */
export interface RetrySchedule {
  /** From the first failure to the second try; each wait is twice the one before, up to `longest`. */
  first: number;
  longest: number;
  /** A webhook that fails for this long is disabled. */
  giveUp: number;
  /** An email that was handed over this long ago is not tried again. */
  giveUpEmail: number;
}

export const RETRIES: RetrySchedule = {
  first: 5,
  longest: 10 * 3_600,
  giveUp: 5 * 86_400,
  giveUpEmail: 86_400,
};

/** Seconds to wait after so many failures in a row: up to a fifth less than the schedule has it, so that not all come back at once. */
export const delayAfter = (
  failures: number,
  { first, longest }: RetrySchedule,
  random: () => number = Math.random,
): number => Math.min(first * 2 ** (failures - 1), longest) * (1 - random() / 5);
