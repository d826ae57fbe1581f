import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';

/** `exited` resolves with the exit reason. */
export type RunningProcess = { pid: number; exited: Promise<string> };
export type EndProcess<R extends RunningProcess> = (running: R) => Promise<unknown>;

export type ProcessSupervisor<R extends RunningProcess> = {
  current: () => R;
  /**
   * Ends the process by `end` and launches it again without a delay; resolves when the new one is launched.
   * One call at a time.
   */
  restart: (end: EndProcess<R>) => Promise<void>;
  /**
   * Stops supervising, then ends the process by `end`. May be called again, for example with a shorter
   * timeout.
   */
  stop: (end: EndProcess<R>) => Promise<void>;
};

/**
 * The delay before a launch: doubles from `firstMs` to `maxMs`; starts over after `resetAfterMs` of uptime.
 */
export type Backoff = { firstMs: number; maxMs: number; resetAfterMs: number };

export type SuperviseProcessOptions<R extends RunningProcess> = {
  name: string;
  /** When its signal aborts, `launch` rejects and leaves nothing running. */
  launch: (signal: AbortSignal) => Promise<R>;
  log: Log;
  backoff?: Backoff;
};

const DEFAULT_BACKOFF: Backoff = { firstMs: 200, maxMs: 10_000, resetAfterMs: 10_000 };

/**
 * Launches a process and launches it again whenever it ends.
 * @throws the error of the first launch, which is not repeated.
 */
export async function superviseProcess<R extends RunningProcess>(
  options: SuperviseProcessOptions<R>,
): Promise<ProcessSupervisor<R>> {
  const { name, log, backoff = DEFAULT_BACKOFF } = options;
  const halt = new AbortController();
  let current = await options.launch(halt.signal);
  let launching: Promise<R | null> = Promise.resolve(null);
  /** Aborted by `restart`: the next launch is not delayed. */
  let restartRequest = new AbortController();
  function noWaiter(): void {}
  let notifyLaunched = noWaiter;

  async function relaunch(delayMs: number): Promise<void> {
    launching = launchUntilSuccess({ ...options, backoff }, delayMs, halt.signal, restartRequest.signal);
    current = (await launching) ?? current;
    restartRequest = new AbortController();
    notifyLaunched();
  }

  async function relaunchOnExit(): Promise<void> {
    for (let delayMs = backoff.firstMs; ; delayMs = Math.min(delayMs * 2, backoff.maxMs)) {
      const startedAt = Date.now();
      const reason = await current.exited;
      if (halt.signal.aborted) return;
      if (restartRequest.signal.aborted) delayMs = 0;
      else {
        if (Date.now() - startedAt > backoff.resetAfterMs) delayMs = backoff.firstMs;
        log.error({ process: name, reason, restartInMs: delayMs }, 'process ended unexpectedly');
      }
      await relaunch(delayMs);
      if (delayMs === 0) delayMs = backoff.firstMs / 2;
    }
  }

  const supervising = relaunchOnExit();
  return {
    current: () => current,
    async restart(end) {
      restartRequest.abort();
      // A launch in flight may have read the old program: its process is restarted like any other.
      await launching;
      restartRequest.abort();
      const launched = new Promise<void>((resolve) => (notifyLaunched = resolve));
      await end(current);
      await Promise.race([launched, supervising]);
    },
    async stop(end) {
      halt.abort();
      // A launch in flight either gives up or has succeeded: then its process is the one to end.
      await end((await launching) ?? current);
      await supervising;
    },
  };
}

async function launchUntilSuccess<R extends RunningProcess>(
  { name, launch, log, backoff }: Required<SuperviseProcessOptions<R>>,
  firstDelayMs: number,
  halted: AbortSignal,
  skipDelay: AbortSignal,
): Promise<R | null> {
  for (
    let delayMs = firstDelayMs;
    ;
    delayMs = Math.min(Math.max(delayMs, backoff.firstMs) * 2, backoff.maxMs)
  ) {
    await sleep(delayMs, undefined, { signal: AbortSignal.any([halted, skipDelay]) }).catch(() => {});
    if (halted.aborted) return null;
    try {
      return await launch(halted);
    } catch (error) {
      if (halted.aborted) return null;
      log.error({ process: name, err: error }, 'process could not be launched');
    }
  }
}
