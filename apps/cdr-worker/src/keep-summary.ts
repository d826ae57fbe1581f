import { foldSummary } from '@oriontel/cdr/worker';
import { keepPolling } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/** Milliseconds between two looks; of several workers one folds at a time. */
const PAUSE = 3_000;

/** Folds what was counted into the summary again and again. Returns how to stop, once the bite in hand is done. */
export const keepSummary = (db: Database, log: Logger, pause = PAUSE): (() => Promise<void>) => {
  const fold = async (signal: AbortSignal): Promise<void> => {
    const folded = await foldSummary(db, () => signal.aborted);
    if (folded > 0) log.debug({ folded }, 'summary folded');
  };
  const polling = keepPolling(fold, {
    interval: pause,
    onError: (err) => log.warn({ err }, 'the summary could not be folded: reading it takes longer meanwhile'),
  });
  polling.nudge();
  return polling.stop;
};
