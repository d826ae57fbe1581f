import { foldSummary } from '@oriontel/cdr/worker';
import { startPoller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/** Milliseconds between two looks; of several workers one folds at a time. */
const FOLD_INTERVAL_MS = 3_000;

/** Folds what was counted into the summary again and again. Returns how to stop, once the bite in hand is done. */
export function startSummaryFolding(
  db: Database,
  log: Logger,
  pause = FOLD_INTERVAL_MS,
): () => Promise<void> {
  async function fold(signal: AbortSignal): Promise<void> {
    const folded = await foldSummary(db, () => signal.aborted);
    if (folded > 0) log.debug({ folded }, 'summary folded');
  }
  const polling = startPoller(fold, {
    intervalMs: pause,
    onError: (err) => log.warn({ err }, 'the summary could not be folded: reading it takes longer meanwhile'),
  });
  polling.wake();
  return polling.stop;
}
