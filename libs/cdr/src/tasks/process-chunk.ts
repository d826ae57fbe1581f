import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, type Database, type Queryable } from '@oriontel/database';
import { backlog, SWEEP_GRACE_SECONDS, type BacklogFilter, type Drain } from '@oriontel/intake';
import { submissions } from '../batches/submission.repository.ts';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { addCounts, FINISHED, type Position, type StoredTask } from './cdr-task.ts';
import { MAX_CHUNK_BYTES, type Progress, type RunChunk, type Save } from './chunk.ts';
import type { TimeRange } from './date-range.ts';

/** Queues the dead letters of the range again; returns how many. `orgId` null: of all organizations. */
export type RedriveDeadLetters = (
  tx: Queryable,
) => (orgId: number | null, range: TimeRange) => Promise<number>;

/** Submissions per chunk. */
const MAX_CHUNK_ROWS = 100;
/** The delay before pending rows are drained again; it doubles with each attempt. */
const FIRST_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 5_000;

/** Selects what a process task handles: rows accepted, or quarantined, up to `upTo`. */
export function processBacklogFilter(
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter {
  return {
    queue: cdrIntake.queue.name,
    orgId,
    accepted: range,
    upTo,
  };
}

/**
 * Alternates between two kinds of chunk: pick pending rows and save their ids in the task; then drain them
 * and count the outcomes. Draining is idempotent, so a chunk may run twice. The last chunk redrives the dead
 * letters of the range.
 */
export function processChunk(db: Database, drain: Drain, redriveDeadLetters: RedriveDeadLetters): RunChunk {
  return async function processNextChunk(task, save, signal) {
    const { inHand: inFlight } = task.position;
    if (inFlight) {
      await drainUntilStored(db, drain, task, signal);
      return countOutcomes(db, task, inFlight, save);
    }
    return db.$transaction(async (tx) => {
      const position = (await pickRows(tx, task)) ?? FINISHED;
      if (position === FINISHED) await redriveDeadLetters(tx)(task.orgId, task.range);
      const progress = { position, counts: task.counts };
      await save(tx, progress);
      return progress;
    });
  };
}

/**
 * The position with the next rows in flight: first those of the intake, then those in quarantine; null if
 * none is left.
 */
async function pickRows(tx: Queryable, task: StoredTask): Promise<Position | null> {
  const { phase, id: after = null } = task.position;
  const filter = processBacklogFilter(task, task.startedAt ?? task.queuedAt);
  const page = { after, limit: MAX_CHUNK_ROWS, maxBytes: MAX_CHUNK_BYTES };
  const isPending = phase === 'intake';
  const rows = isPending
    ? await backlog(tx).pending(filter, page)
    : await backlog(tx).quarantined(filter, page);
  const last = rows.at(-1);
  if (!last) return isPending ? { phase: 'quarantine' } : null;
  if (!isPending)
    await backlog(tx).redrive(
      rows.map(({ id }) => id),
      SWEEP_GRACE_SECONDS,
    );
  return { phase, id: last.id, inHand: rows.map(({ id, items }) => ({ id, records: items })) };
}

/**
 * Drains the rows in flight; rows that another worker holds, or that failed, are tried again until none is
 * pending.
 */
async function drainUntilStored(
  db: Database,
  drain: Drain,
  { position: { inHand: inFlight = [] }, takeovers }: StoredTask,
  signal: AbortSignal,
): Promise<void> {
  const ids = inFlight.map(({ id }) => id);
  // After a takeover one of the rows may have crashed the previous worker: drain each on its own.
  let isTogether = takeovers <= 0;
  for (let delayMs = FIRST_RETRY_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
    const pending = await backlog(db).stillPending(ids);
    if (!pending.length) return;
    signal.throwIfAborted();
    for (const group of isTogether ? [pending] : pending.map((id) => [id])) await drainRows(drain, group);
    isTogether = false;
    if ((await backlog(db).stillPending(pending)).length)
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The drain counts the attempts of failing rows and quarantines them after the last one. */
function drainRows(drain: Drain, ids: string[]): Promise<void> {
  return drain({ ids, swept: true }).catch((error: unknown) => {
    if (isUnavailable(error)) throw error;
  });
}

/** Rows that left the intake without a submission failed each time: they are in quarantine again, whole. */
function countOutcomes(
  db: Database,
  { position, counts }: StoredTask,
  inFlight: { id: string; records: number }[],
  save: Save,
): Promise<Progress> {
  return db.$transaction(async (tx) => {
    const stored = await submissions(tx).countsOf(inFlight.map(({ id }) => id));
    const storedIds = new Set(stored.map(({ id }) => id));
    const poisoned = inFlight.filter(({ id }) => !storedIds.has(id));
    const progress = {
      position: { phase: position.phase, ...(position.id && { id: position.id }) },
      counts: addCounts(counts, {
        stored: sum(stored, (one) => one.stored),
        duplicates: sum(stored, (one) => one.duplicates),
        quarantined:
          sum(stored, (one) => one.quarantined + one.conflicts) + sum(poisoned, (one) => one.records),
      }),
    };
    await save(tx, progress);
    return progress;
  });
}

function sum<T>(items: T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
