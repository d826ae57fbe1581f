import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, type Database, type Queryable } from '@oriontel/database';
import { backlog, SWEEP_GRACE_SECONDS, type BacklogFilter, type Drain } from '@oriontel/intake';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { redriveDeadLetters } from '../forward/redrive-dead-letters.ts';
import { submissions } from '../batches/submission.repository.ts';
import { MAX_CHUNK_BYTES, type RunChunk, type Progress, type Save } from './chunk.ts';
import { addCounts, FINISHED, type Position, type StoredTask } from './cdr-task.ts';

/** Requests of one bite. */
const MAX_CHUNK_ROWS = 100;
/** Milliseconds before what is still on the road is tried again, and the most that becomes. */
const RETRY_DELAY_MS = { first: 100, max: 5_000 };

/** What a process task sees to: in the intake what was accepted before it began, in quarantine what was there by then. */
export function processBacklogFilter(
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter {
  return {
    queue: cdrIntake.queue.name,
    orgId,
    accepted: range,
    itemsField: 'records',
    upTo,
  };
}

/**
 * Brings what was accepted to the table: it picks rows and notes them in the task, sees to it that they are stored, and counts what
 * became of them. At the end it has the dead letters of the range forwarded again. The road does the storing, which is safe to do twice, and quarantines what kills its workers.
 */
export function processChunk(db: Database, drain: Drain): RunChunk {
  return async function processNextChunk(task, save, signal) {
    const { inHand } = task.position;
    if (inHand) {
      await drainUntilStored(db, drain, task, signal);
      return countOutcomes(db, task, inHand, save);
    }
    return db.$transaction(async (tx) => {
      const progress = { position: await pickRows(tx, task), counts: task.counts };
      await save(tx, progress);
      return progress;
    });
  };
}

async function pickRows(tx: Queryable, task: StoredTask): Promise<Position> {
  const { phase, id: after = null } = task.position;
  const filter = processBacklogFilter(task, task.startedAt ?? task.queuedAt);
  const page = { after, limit: MAX_CHUNK_ROWS, bytes: MAX_CHUNK_BYTES };
  const isPending = phase === 'intake';
  const rows = isPending
    ? await backlog(tx).pending(filter, page)
    : await backlog(tx).quarantined(filter, page);
  const last = rows.at(-1);
  if (!last && isPending) return { phase: 'quarantine' };
  if (!last) {
    await redriveDeadLetters(tx)(task.orgId, task.range);
    return FINISHED;
  }
  if (!isPending)
    await backlog(tx).redrive(
      rows.map(({ id }) => id),
      SWEEP_GRACE_SECONDS,
    );
  return { phase, id: last.id, inHand: rows.map(({ id, items }) => ({ id, records: items })) };
}

/** Drains them here and now; what another worker has in hand, or what failed, is waited for and tried again. */
async function drainUntilStored(
  db: Database,
  drain: Drain,
  { position: { inHand = [] }, takeovers }: StoredTask,
  signal: AbortSignal,
): Promise<void> {
  const ids = inHand.map(({ id }) => id);
  // One of them may have killed the last worker: alone it takes no others along.
  let together = takeovers <= 0;
  for (let pause = RETRY_DELAY_MS.first; ; pause = Math.min(pause * 2, RETRY_DELAY_MS.max)) {
    const left = await backlog(db).stillPending(ids);
    if (!left.length) return;
    signal.throwIfAborted();
    for (const some of together ? [left] : left.map((id) => [id])) await drainSome(drain, some);
    together = false;
    if ((await backlog(db).stillPending(left)).length)
      await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** What fails is counted by the road, and quarantined when it has failed often enough. */
function drainSome(drain: Drain, ids: string[]): Promise<void> {
  return drain({ ids, swept: true }).catch((error: unknown) => {
    if (isUnavailable(error)) throw error;
  });
}

/** What left the intake and is no submission kept failing: it is in quarantine again, whole. */
function countOutcomes(
  db: Database,
  { position, counts }: StoredTask,
  inHand: { id: string; records: number }[],
  save: Save,
): Promise<Progress> {
  return db.$transaction(async (tx) => {
    const stored = await submissions(tx).countsOf(inHand.map(({ id }) => id));
    const known = new Set(stored.map(({ id }) => id));
    const poison = inHand.filter(({ id }) => !known.has(id)).reduce((sum, { records }) => sum + records, 0);
    function sum(of: (one: (typeof stored)[number]) => number) {
      return stored.reduce((all, one) => all + of(one), 0);
    }
    const progress = {
      position: { phase: position.phase, ...(position.id && { id: position.id }) },
      counts: addCounts(counts, {
        stored: sum((one) => one.stored),
        duplicates: sum((one) => one.duplicates),
        quarantined: sum((one) => one.quarantined + one.conflicts) + poison,
      }),
    };
    await save(tx, progress);
    return progress;
  });
}
