export interface Poller {
  /** Polls at once, or again after the running poll. */
  wake: () => void;
  /** Aborts the signal and waits for the running poll. */
  stop: () => Promise<void>;
}

export interface PollerOptions {
  /** Time between polls; skipped while a poll is running. */
  intervalMs: number;
  onError: (error: unknown) => void;
}

/** Calls `poll` at an interval and on `wake`, never concurrently. `signal` is aborted by `stop`. */
export function startPoller(
  poll: (signal: AbortSignal) => Promise<unknown>,
  { intervalMs, onError }: PollerOptions,
): Poller {
  const controller = new AbortController();
  const { signal } = controller;
  let running: Promise<void> | null = null;
  let isAgainRequested = false;

  async function run(): Promise<void> {
    do {
      isAgainRequested = false;
      await poll(signal).catch(onError);
    } while (isAgainRequested && !signal.aborted);
    running = null;
  }
  function wake(): void {
    if (signal.aborted) return;
    isAgainRequested = true;
    running ??= run();
  }
  function tick(): void {
    if (!running) wake();
  }

  const timer = setInterval(tick, intervalMs);
  return {
    wake,
    async stop() {
      controller.abort();
      clearInterval(timer);
      await running;
    },
  };
}
