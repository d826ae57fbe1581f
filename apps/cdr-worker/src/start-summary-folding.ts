import { foldSummary } from '@oriontel/cdr/worker';
import { startPoller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Logger } from '@oriontel/service';

/** Several workers poll; one of them folds at a time. */
const FOLD_INTERVAL_MS = 3_000;

/** Folds summary deltas until it is stopped. Returns a function that stops after the running chunk. */
export function startSummaryFolding(
  db: Database,
  log: Logger,
  intervalMs = FOLD_INTERVAL_MS,
): () => Promise<void> {
  async function fold(signal: AbortSignal): Promise<void> {
    const folded = await foldSummary(db, () => signal.aborted);
    if (folded > 0) log.debug({ folded }, 'summary folded');
  }
  const poller = startPoller(fold, {
    intervalMs,
    onError: (err) => log.warn({ err }, 'folding the summary failed; reading it is slower until it succeeds'),
  });
  poller.wake();
  return poller.stop;
}
