export interface Poller {
  /** There is something to do: at once, where nothing is under way, else again after it. */
  wake: () => void;
  /** Waits for what is under way. */
  stop: () => Promise<void>;
}

export interface PollerOptions {
  /** Milliseconds between two looks; a look that takes longer is not followed by another at once. */
  intervalMs: number;
  onError: (error: unknown) => void;
}

/** Looks again and again, and when it is nudged; never twice at once. `signal`: it is to end soon. */
export function startPoller(
  look: (signal: AbortSignal) => Promise<unknown>,
  { intervalMs, onError }: PollerOptions,
): Poller {
  const stopping = new AbortController();
  const { signal } = stopping;
  let underWay: Promise<void> | null = null;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      await look(signal).catch(onError);
    } while (again && !signal.aborted);
    underWay = null;
  }
  function nudge(): void {
    if (signal.aborted) return;
    again = true;
    underWay ??= run();
  }

  const timer = setInterval(() => {
    if (!underWay) nudge();
  }, intervalMs);
  return {
    wake: nudge,
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await underWay;
    },
  };
}
