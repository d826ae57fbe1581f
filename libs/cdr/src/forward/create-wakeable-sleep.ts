/** Shortest sleep: limits polling when `wake` is called a thousand times a second. */
const MIN_SLEEP_MS = 25;

export interface WakeableSleep {
  /** Resolves after the maximum, or 25 ms after `wake`; a `wake` since the last sleep counts. */
  sleep: () => Promise<void>;
  wake: () => void;
}

export function createWakeableSleep(maxSleepMs: number): WakeableSleep {
  let isWoken = false;
  let endEarly: (() => void) | undefined;

  function sleep(): Promise<void> {
    return new Promise((resolve) => {
      function end(): void {
        endEarly = undefined;
        resolve();
      }
      const timer = setTimeout(end, maxSleepMs);
      endEarly = () => {
        endEarly = undefined;
        clearTimeout(timer);
        setTimeout(end, Math.min(MIN_SLEEP_MS, maxSleepMs));
      };
      if (isWoken) endEarly();
      isWoken = false;
    });
  }

  function wake(): void {
    if (endEarly) endEarly();
    else isWoken = true;
  }

  return { sleep, wake };
}
