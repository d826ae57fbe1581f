import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from './config.ts';
import type { Logger } from './log.ts';

/** Resolves with the reason to stop: a signal, or the exit of the supervisor that started this process. */
export function waitForStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
    const stopOrphan = () => resolve('supervisor exited');
    process.once('disconnect', stopOrphan);
    // If the supervisor exited before, there is no event.
    if (process.connected === false) stopOrphan();
  });
}

export interface Shutdown {
  /** Steps run in reverse order of their registration. */
  add(name: string, close: () => Promise<unknown>): void;
  /** Runs every step; errors are logged. */
  run(): Promise<void>;
}

export function createShutdown(log: Logger): Shutdown {
  const steps: { name: string; close: () => Promise<unknown> }[] = [];
  return {
    add: (name, close) => void steps.unshift({ name, close }),
    async run() {
      for (const { name, close } of steps) {
        await close().catch((err: unknown) => log.error({ err, step: name }, 'shutdown step failed'));
      }
    },
  };
}

/** A start in progress is abandoned this long after the signal: it may wait for a store that is gone. */
const START_GRACE_MS = 1_000;

/** The process exits at most this long after the shutdown began, even with work in flight. */
const STOP_TIMEOUT_MS = 8_000;

/**
 * Runs a process: calls `start`, which registers its cleanup in `shutdown`, waits for a stop signal, runs the
 * cleanup within a deadline and exits with 0. If `start` fails, logs one line and exits with 1.
 */
export async function runProcess(log: Logger, start: (shutdown: Shutdown) => Promise<void>): Promise<never> {
  const shutdown = createShutdown(log);
  const stopped = waitForStopSignal();
  process.on('uncaughtException', (err) => exitWithError(log, err));
  process.on('unhandledRejection', (err) => exitWithError(log, err));
  try {
    await Promise.race([start(shutdown), stopped.then(() => sleep(START_GRACE_MS))]);
  } catch (err) {
    await Promise.race([shutdown.run(), sleep(STOP_TIMEOUT_MS)]);
    return exitWithError(log, err);
  }
  log.info({ reason: await stopped }, 'stopping');
  const timedOut = sleep(STOP_TIMEOUT_MS).then(() =>
    log.warn({ timeoutMs: STOP_TIMEOUT_MS }, 'shutdown timed out: work in flight will be retried'),
  );
  await Promise.race([shutdown.run(), timedOut]);
  process.exit(0);
}

function exitWithError(log: Logger, err: unknown): never {
  if (err instanceof ConfigError) log.fatal(err.message);
  else log.fatal({ err }, 'fatal error, exiting');
  log.flush();
  process.exit(1);
}
