import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { endApp } from './supervise/end-app.ts';
import {
  superviseApp,
  type AppProcess,
  type SuperviseOptions,
  type SupervisedApp,
} from './supervise/supervise-app.ts';
import { pollReady } from './supervise/poll-ready.ts';

export type AppSupervisor = {
  /**
   * Resolves when the first app is ready, and each other app is ready or late: it goes on starting, and the
   * others serve meanwhile. Rejects when an app fails to start three times, on abort, or when the first app
   * is not ready in time.
   */
  ready: (signal?: AbortSignal, limits?: ReadyLimits) => Promise<void>;
  /**
   * Restarts one app with the program that its file contains now; resolves when it is ready. Rejects after
   * `timeoutMs` (60,000), when the stack stops, and when the app is restarted again before it is ready.
   */
  restart: (name: string, timeoutMs?: number) => Promise<void>;
  /**
   * Stops the first app, then the others together. An app that does not end in time is killed: everything
   * takes at most `timeoutMs` (7,000). May be called again with a shorter timeout.
   */
  stop: (timeoutMs?: number) => Promise<void>;
  pids: () => Record<string, number>;
};

export type ReadyLimits = {
  /** For the first app. */
  timeoutMs: number;
  /** An other app that is not ready after this time is late. */
  lateAfterMs: number;
};

const RESTART_TIMEOUT_MS = 60_000;
/** A busy machine takes long to start many processes. */
const READY_LIMITS: ReadyLimits = { timeoutMs: 180_000, lateAfterMs: 60_000 };
/** Time for a restarted app to finish its requests and jobs. */
const RESTART_GRACE_MS = 1_000;

/**
 * Starts the apps and restarts each one that ends. Every app has an IPC channel and must exit when it
 * disconnects. The first app accepts requests: it is stopped first, so that the others can still process what
 * it accepted.
 */
export async function supervise(processes: AppProcess[], options: SuperviseOptions): Promise<AppSupervisor> {
  const stopping = new AbortController();
  const apps: SupervisedApp[] = [];
  const restarts = new Map<string, { launched: Promise<void>; superseded: AbortController }>();
  async function restart(name: string, timeoutMs = RESTART_TIMEOUT_MS) {
    const supervised = apps.find(({ app }) => app.name === name);
    if (!supervised) throw new Error(`There is no app named ${name}`);
    const previous = restarts.get(name);
    previous?.superseded.abort(new Error('restarted again before it was ready'));
    const superseded = new AbortController();
    const launched = Promise.resolve(previous?.launched).then(() =>
      supervised.supervisor.restart((child) => endApp(child, RESTART_GRACE_MS)),
    );
    restarts.set(name, { launched, superseded });
    await launched;
    await whenReady(supervised, AbortSignal.any([stopping.signal, superseded.signal]), timeoutMs);
  }
  async function stop(timeoutMs = 7_000) {
    stopping.abort(new Error('stopped before it was ready'));
    function end({ supervisor }: SupervisedApp) {
      return supervisor.stop((child) => endApp(child, Math.max(0, timeoutMs / 2 - 500)));
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
    restart,
    async ready(signal, { timeoutMs, lateAfterMs } = READY_LIMITS) {
      const giveUp = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
      const [first, ...others] = apps;
      await Promise.all([
        first && whenReady(first, giveUp, timeoutMs),
        ...others.map((app) => whenReadyOrLate(app, giveUp, lateAfterMs, options.log)),
      ]);
    },
    pids: () => Object.fromEntries(apps.map(({ app, supervisor }) => [app.name, supervisor.current().pid])),
  };
}

const LATE = Symbol('late');

/** Resolves when the app is ready, or late: then it goes on starting in the background. */
async function whenReadyOrLate(
  supervised: SupervisedApp,
  giveUp: AbortSignal,
  lateAfterMs: number,
  log: Log,
): Promise<void> {
  const { name } = supervised.app;
  const ready = whenReady(supervised, giveUp);
  if ((await Promise.race([ready, sleep(lateAfterMs, LATE, { ref: false })])) !== LATE) return;
  log.warn({ app: name }, 'app is not ready yet; the others serve meanwhile');
  void ready.then(
    () => log.info({ app: name }, 'late app is ready'),
    (err: unknown) => giveUp.aborted || log.error({ err, app: name }, 'late app failed; it is started again'),
  );
}

/** `timeoutMs` undefined: waits without a limit. */
async function whenReady(
  { app, startupFailed, markReady }: SupervisedApp,
  giveUp: AbortSignal,
  timeoutMs?: number,
): Promise<void> {
  const timeout = new AbortController();
  const timer =
    timeoutMs !== undefined &&
    setTimeout(() => timeout.abort(new Error(`${app.name} was not ready within ${timeoutMs} ms`)), timeoutMs);
  const signal = AbortSignal.any([giveUp, startupFailed, timeout.signal]);
  try {
    for (const url of app.readyUrls) await pollReady(url, signal);
    markReady();
  } finally {
    if (timer) clearTimeout(timer);
  }
}
