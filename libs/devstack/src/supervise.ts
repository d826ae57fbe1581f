import { endApp } from './supervise/end-app.ts';
import {
  superviseApp,
  type AppProcess,
  type SuperviseOptions,
  type SupervisedApp,
} from './supervise/supervise-app.ts';
import { pollReady } from './supervise/poll-ready.ts';

export type AppSupervisor = {
  /** Resolves when every app is ready; rejects when one keeps ending, on abort, or after `within` ms (60,000). */
  ready: (signal?: AbortSignal, within?: number) => Promise<void>;
  /**
   * The first app, then the others together. Who does not go in time is killed: it takes at most `within` ms (7,000).
   * May be asked again, with less patience. */
  stop: (within?: number) => Promise<void>;
  pids: () => Record<string, number>;
};

/**
 * Starts the apps and keeps them running. Each has an IPC channel and must exit when that disconnects. The first of the
 * list is the one that takes requests: it is stopped first, so that the others can still work on what it accepted.
 */
export async function supervise(processes: AppProcess[], options: SuperviseOptions): Promise<AppSupervisor> {
  const stopping = new AbortController();
  const apps: SupervisedApp[] = [];
  async function stop(within = 7_000) {
    stopping.abort(new Error('stopped before it was ready'));
    function end({ supervisor }: SupervisedApp) {
      return supervisor.stop((child) => endApp(child, Math.max(0, within / 2 - 500)));
    }
    const [first, ...others] = apps;
    if (first) await end(first);
    await Promise.all(others.map(end));
  }
  try {
    for (const app of processes) apps.push(await superviseApp(app, options));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    stop,
    async ready(signal, within = 60_000) {
      const giveUp = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
      await Promise.all(apps.map((kept) => whenReady(kept, giveUp, within)));
    },
    pids: () => Object.fromEntries(apps.map(({ app, supervisor }) => [app.name, supervisor.current().pid])),
  };
}

async function whenReady(
  { app, startupFailed, markReady }: SupervisedApp,
  giveUp: AbortSignal,
  within: number,
): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`${app.name} was not ready within ${within} ms`)),
    within,
  );
  const signal = AbortSignal.any([giveUp, startupFailed, late.signal]);
  try {
    for (const url of app.readyUrls) await pollReady(url, signal);
    markReady();
  } finally {
    clearTimeout(timer);
  }
}
