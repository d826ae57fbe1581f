import { setTimeout as sleep } from 'node:timers/promises';
import { foldSummary } from '@oriontel/cdr/worker';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/** Milliseconds between two looks; of several workers one folds at a time. */
const PAUSE = 3_000;

/** Folds what was counted into the summary again and again. Returns how to stop, once the bite in hand is done. */
export const keepSummary = (db: Database, log: Logger, pause = PAUSE): (() => Promise<void>) => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      await foldSummary(db, () => signal.aborted).then(
        (folded) => folded > 0 && log.debug({ folded }, 'summary folded'),
        (err: unknown) =>
          log.warn({ err }, 'the summary could not be folded: reading it takes longer meanwhile'),
      );
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  };
  const kept = keep();
  return async () => {
    stopping.abort();
    await kept;
  };
};
