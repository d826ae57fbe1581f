export interface Polling {
  /** There is something to do: at once, where nothing is under way, else again after it. */
  nudge: () => void;
  /** Waits for what is under way. */
  stop: () => Promise<void>;
}

export interface PollingOptions {
  /** Milliseconds between two looks; a look that takes longer is not followed by another at once. */
  interval: number;
  onError: (error: unknown) => void;
}

/** Looks again and again, and when it is nudged; never twice at once. `signal`: it is to end soon. */
export const keepPolling = (
  look: (signal: AbortSignal) => Promise<unknown>,
  { interval, onError }: PollingOptions,
): Polling => {
  const stopping = new AbortController();
  const { signal } = stopping;
  let underWay: Promise<void> | null = null;
  let again = false;

  const run = async (): Promise<void> => {
    do {
      again = false;
      await look(signal).catch(onError);
    } while (again && !signal.aborted);
    underWay = null;
  };
  const nudge = (): void => {
    if (signal.aborted) return;
    again = true;
    underWay ??= run();
  };

  const timer = setInterval(() => {
    if (!underWay) nudge();
  }, interval);
  return {
    nudge,
    stop: async () => {
      stopping.abort();
      clearInterval(timer);
      await underWay;
    },
  };
};
