export interface Polling {
  /** There is something to do: at once, where nothing is under way, else again after it. */
  nudge(): void;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/** Looks every `interval` milliseconds, and when it is nudged; never twice at once. */
export const keepPolling = (
  look: () => Promise<void>,
  { interval, onError }: { interval: number; onError: (error: unknown) => void },
): Polling => {
  let underWay: Promise<void> | null = null;
  let again = false;
  let isStopped = false;

  const run = async (): Promise<void> => {
    do {
      again = false;
      await look().catch(onError);
    } while (again && !isStopped);
    underWay = null;
  };
  const nudge = (): void => {
    if (isStopped) return;
    again = true;
    underWay ??= run();
  };

  const timer = setInterval(nudge, interval);
  return {
    nudge,
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await underWay;
    },
  };
};
