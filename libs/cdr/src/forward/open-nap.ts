/** Milliseconds that pass at least: who is nudged a thousand times a second looks but a few times. */
const SHORTEST = 25;

export interface Nap {
  /** Until it is woken, but not at once, or until the time is over. What woke it while it was awake counts. */
  sleep: () => Promise<void>;
  wake: () => void;
}

export const openNap = (longest: number): Nap => {
  let woken = false;
  let cutShort: (() => void) | undefined;
  return {
    sleep: () =>
      new Promise((resolve) => {
        const end = () => {
          cutShort = undefined;
          resolve();
        };
        const timer = setTimeout(end, longest);
        cutShort = () => {
          cutShort = undefined;
          clearTimeout(timer);
          setTimeout(end, Math.min(SHORTEST, longest));
        };
        if (woken) cutShort();
        woken = false;
      }),
    wake: () => {
      if (cutShort) cutShort();
      else woken = true;
    },
  };
};
