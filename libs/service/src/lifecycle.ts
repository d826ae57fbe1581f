import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from './config.ts';
import type { Logger } from './log.ts';

/** Resolves with the reason to stop: a signal, or the end of the supervisor that started this process. */
export function waitForStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
    const orphaned = () => resolve('the supervisor is gone');
    process.once('disconnect', orphaned);
    // Gone before this line was reached: the event is over already.
    if (process.connected === false) orphaned();
  });
}

export interface Shutdown {
  /** What is opened later is closed earlier. */
  add(name: string, close: () => Promise<unknown>): void;
  run(): Promise<void>;
}

export function createShutdown(log: Logger): Shutdown {
  const steps: { name: string; close: () => Promise<unknown> }[] = [];
  return {
    add: (name, close) => void steps.unshift({ name, close }),
    async run() {
      for (const { name, close } of steps) {
        await close().catch((err: unknown) => log.error({ err }, `could not close the ${name}`));
      }
    },
  };
}

/** Milliseconds between the signal and the end, whatever is still in hand. */
const STOP_TIMEOUT_MS = 8_000;

/**
 * The life of a process: `open` opens everything, telling `closing` how to undo it; then it runs until it is told to
 * stop, finishes what is in hand within a deadline and exits 0. A start that fails exits 1 with one line.
 */
export async function runProcess(log: Logger, open: (closing: Shutdown) => Promise<void>): Promise<never> {
  const closing = createShutdown(log);
  const stopped = waitForStopSignal();
  process.on('uncaughtException', (err) => exitWithError(log, err));
  process.on('unhandledRejection', (err) => exitWithError(log, err));
  try {
    await open(closing);
  } catch (err) {
    await Promise.race([closing.run(), sleep(STOP_TIMEOUT_MS)]);
    return exitWithError(log, err);
  }
  log.info({ reason: await stopped }, 'stopping');
  const late = sleep(STOP_TIMEOUT_MS).then(() =>
    log.warn('the deadline passed with work in hand: it will be taken up again'),
  );
  await Promise.race([closing.run(), late]);
  process.exit(0);
}

function exitWithError(log: Logger, err: unknown): never {
  if (err instanceof ConfigError) log.fatal(err.message);
  else log.fatal({ err }, 'the process cannot go on');
  log.flush();
  process.exit(1);
}
