import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from './config.ts';
import type { Logger } from './log.ts';

/** Resolves with the reason to stop: a signal, or the end of the supervisor that started this process. */
export const untilStopped = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => resolve(signal));
    const orphaned = () => resolve('the supervisor is gone');
    process.once('disconnect', orphaned);
    // Gone before this line was reached: the event is over already.
    if (process.connected === false) orphaned();
  });

export interface Closing {
  /** What is opened later is closed earlier. */
  add(name: string, close: () => Promise<unknown>): void;
  run(): Promise<void>;
}

export const openClosing = (log: Logger): Closing => {
  const steps: { name: string; close: () => Promise<unknown> }[] = [];
  return {
    add: (name, close) => void steps.unshift({ name, close }),
    run: async () => {
      for (const { name, close } of steps) {
        await close().catch((err: unknown) => log.error({ err }, `could not close the ${name}`));
      }
    },
  };
};

/** Milliseconds between the signal and the end, whatever is still in hand. */
const STOP_DEADLINE = 8_000;

/**
 * The life of a process: `open` opens everything, telling `closing` how to undo it; then it runs until it is told to
 * stop, finishes what is in hand within a deadline and exits 0. A start that fails exits 1 with one line.
 */
export const live = async (log: Logger, open: (closing: Closing) => Promise<void>): Promise<never> => {
  const closing = openClosing(log);
  const stopped = untilStopped();
  process.on('uncaughtException', (err) => die(log, err));
  process.on('unhandledRejection', (err) => die(log, err));
  try {
    await open(closing);
  } catch (err) {
    await Promise.race([closing.run(), sleep(STOP_DEADLINE)]);
    return die(log, err);
  }
  log.info({ reason: await stopped }, 'stopping');
  const late = sleep(STOP_DEADLINE).then(() =>
    log.warn('the deadline passed with work in hand: it will be taken up again'),
  );
  await Promise.race([closing.run(), late]);
  process.exit(0);
};

const die = (log: Logger, err: unknown): never => {
  if (err instanceof ConfigError) log.fatal(err.message);
  else log.fatal({ err }, 'the process cannot go on');
  log.flush();
  process.exit(1);
};
