import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';

export type Running = { pid: number; exited: Promise<string> };
export type Kept<R extends Running> = {
  current: () => R;
  /** Ends the watch, then the process, in the way the caller knows. May be asked again, with less patience. */
  stop: (end: (running: R) => Promise<unknown>) => Promise<void>;
};
export type Backoff = { first: number; most: number; resetAfter: number };

export type KeepOptions<R extends Running> = {
  name: string;
  /** Gives up, and leaves nothing behind, once its signal aborts. */
  launch: (signal: AbortSignal) => Promise<R>;
  log: Log;
  backoff?: Backoff;
};

const usualBackoff: Backoff = { first: 200, most: 10_000, resetAfter: 10_000 };

/**
 * Launches a process and launches it again whenever it ends by itself. The first launch is the caller's to
 * handle: its failure is thrown, not repeated.
 */
export const keepRunning = async <R extends Running>(options: KeepOptions<R>): Promise<Kept<R>> => {
  const halt = new AbortController();
  let current = await options.launch(halt.signal);
  let launching: Promise<R | null> = Promise.resolve(null);
  const again = async (delay: number) => {
    launching = relaunch(options, delay, halt.signal);
    current = (await launching) ?? current;
  };
  const watching = watch({ ...options, current: () => current, again, halted: halt.signal });
  const stop: Kept<R>['stop'] = async (end) => {
    halt.abort();
    // A launch under way either gives up now or has just succeeded, and then is the one to end.
    await end((await launching) ?? current);
    await watching;
  };
  return { current: () => current, stop };
};

const watch = async (options: {
  name: string;
  log: Log;
  backoff?: Backoff;
  current: () => Running;
  again: (delay: number) => Promise<void>;
  halted: AbortSignal;
}): Promise<void> => {
  const { name, log, current, again, halted, backoff = usualBackoff } = options;
  for (let delay = backoff.first; ; delay = Math.min(delay * 2, backoff.most)) {
    const since = Date.now();
    const reason = await current().exited;
    if (halted.aborted) return;
    if (Date.now() - since > backoff.resetAfter) delay = backoff.first;
    log.error({ process: name, reason, restartInMs: delay }, 'ended unexpectedly, starting it again');
    await again(delay);
  }
};

const relaunch = async <R extends Running>(
  { name, launch, log, backoff = usualBackoff }: KeepOptions<R>,
  first: number,
  signal: AbortSignal,
): Promise<R | null> => {
  for (let delay = first; ; delay = Math.min(delay * 2, backoff.most)) {
    await pause(delay, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
    try {
      return await launch(signal);
    } catch (error) {
      if (signal.aborted) return null;
      log.error({ process: name, err: error }, 'could not be started again');
    }
  }
};
