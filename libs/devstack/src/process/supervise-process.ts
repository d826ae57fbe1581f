import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';

export type RunningProcess = { pid: number; exited: Promise<string> };
export type ProcessSupervisor<R extends RunningProcess> = {
  current: () => R;
  /** Ends the watch, then the process, in the way the caller knows. May be asked again, with less patience. */
  stop: (end: (running: R) => Promise<unknown>) => Promise<void>;
};
export type Backoff = { firstMs: number; maxMs: number; resetAfterMs: number };

export type SuperviseProcessOptions<R extends RunningProcess> = {
  name: string;
  /** Gives up, and leaves nothing behind, once its signal aborts. */
  launch: (signal: AbortSignal) => Promise<R>;
  log: Log;
  backoff?: Backoff;
};

const DEFAULT_BACKOFF: Backoff = { firstMs: 200, maxMs: 10_000, resetAfterMs: 10_000 };

/**
 * Launches a process and launches it again whenever it ends by itself. The first launch is the caller's to
 * handle: its failure is thrown, not repeated.
 */
export async function superviseProcess<R extends RunningProcess>(
  options: SuperviseProcessOptions<R>,
): Promise<ProcessSupervisor<R>> {
  const halt = new AbortController();
  let current = await options.launch(halt.signal);
  let launching: Promise<R | null> = Promise.resolve(null);
  async function again(delay: number) {
    launching = relaunch(options, delay, halt.signal);
    current = (await launching) ?? current;
  }
  const watching = restartOnExit({ ...options, current: () => current, again, halted: halt.signal });
  const stop: ProcessSupervisor<R>['stop'] = async (end) => {
    halt.abort();
    // A launch under way either gives up now or has just succeeded, and then is the one to end.
    await end((await launching) ?? current);
    await watching;
  };
  return { current: () => current, stop };
}

async function restartOnExit(options: {
  name: string;
  log: Log;
  backoff?: Backoff;
  current: () => RunningProcess;
  again: (delay: number) => Promise<void>;
  halted: AbortSignal;
}): Promise<void> {
  const { name, log, current, again, halted, backoff = DEFAULT_BACKOFF } = options;
  for (let delay = backoff.firstMs; ; delay = Math.min(delay * 2, backoff.maxMs)) {
    const since = Date.now();
    const reason = await current().exited;
    if (halted.aborted) return;
    if (Date.now() - since > backoff.resetAfterMs) delay = backoff.firstMs;
    log.error({ process: name, reason, restartInMs: delay }, 'ended unexpectedly, starting it again');
    await again(delay);
  }
}

async function relaunch<R extends RunningProcess>(
  { name, launch, log, backoff = DEFAULT_BACKOFF }: SuperviseProcessOptions<R>,
  first: number,
  signal: AbortSignal,
): Promise<R | null> {
  for (let delay = first; ; delay = Math.min(delay * 2, backoff.maxMs)) {
    await pause(delay, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
    try {
      return await launch(signal);
    } catch (error) {
      if (signal.aborted) return null;
      log.error({ process: name, err: error }, 'could not be started again');
    }
  }
}
