/** Seconds. */
export interface RetrySchedule {
  /** From the first failure to the second try; each wait is twice the one before, up to `longest`. */
  firstDelaySeconds: number;
  maxDelaySeconds: number;
  /** A webhook that fails for this long is disabled. */
  giveUpAfterSeconds: number;
  /** An email that was handed over this long ago is not tried again. */
  giveUpEmailAfterSeconds: number;
}

export const DEFAULT_RETRY_SCHEDULE: RetrySchedule = {
  firstDelaySeconds: 5,
  maxDelaySeconds: 10 * 3_600,
  giveUpAfterSeconds: 5 * 86_400,
  giveUpEmailAfterSeconds: 86_400,
};

/** Seconds to wait after so many failures in a row: up to a fifth less than the schedule has it, so that not all come back at once. */
export function retryDelaySeconds(
  failures: number,
  { firstDelaySeconds, maxDelaySeconds }: RetrySchedule,
  random: () => number = Math.random,
): number {
  return Math.min(firstDelaySeconds * 2 ** (failures - 1), maxDelaySeconds) * (1 - random() / 5);
}
