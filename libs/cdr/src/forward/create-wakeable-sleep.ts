/** Milliseconds that pass at least: who is nudged a thousand times a second looks but a few times. */
const MIN_SLEEP_MS = 25;

export interface WakeableSleep {
  /** Until it is woken, but not at once, or until the time is over. What woke it while it was awake counts. */
  sleep: () => Promise<void>;
  wake: () => void;
}

export function createWakeableSleep(longest: number): WakeableSleep {
  let woken = false;
  let cutShort: (() => void) | undefined;
  return {
    sleep() {
      return new Promise((resolve) => {
        function end() {
          cutShort = undefined;
          resolve();
        }
        const timer = setTimeout(end, longest);
        cutShort = () => {
          cutShort = undefined;
          clearTimeout(timer);
          setTimeout(end, Math.min(MIN_SLEEP_MS, longest));
        };
        if (woken) cutShort();
        woken = false;
      });
    },
    wake() {
      if (cutShort) cutShort();
      else woken = true;
    },
  };
}
