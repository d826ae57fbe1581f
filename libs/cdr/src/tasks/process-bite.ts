import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable, type Database, type Queryable } from '@oriontel/database';
import { backlog, GRACE, type BacklogFilter, type Drain } from '@oriontel/intake';
import { cdrIntake } from '../cdr-intake.ts';
import { redriveDead } from '../forward/redrive-dead.ts';
import { submissions } from '../submission.repository.ts';
import { BYTES_IN_A_BITE, type Bite, type Progress, type Save } from './bite.ts';
import { addCounts, FINISHED, type Position, type StoredTask } from './munch-task.ts';

/** Requests of one bite. */
const ROWS = 100;
/** Milliseconds before what is still on the road is tried again, and the most that becomes. */
const PATIENCE = { first: 100, most: 5_000 };

/** What a process task sees to: in the intake what was accepted before it began, in quarantine what was there by then. */
export const processBacklog = (
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter => ({
  queue: cdrIntake.queue.name,
  orgId,
  accepted: range,
  itemsIn: 'records',
  upTo,
});

/**
 * Brings what was accepted to the table: it picks rows and notes them in the task, sees to it that they are stored, and counts what
 * became of them. At the end it has the dead letters of the range forwarded again. The road does the storing, which is safe to do twice, and quarantines what kills its workers.
 */
export const processBite =
  (db: Database, drain: Drain): Bite =>
  async (task, save, signal) => {
    const { inHand } = task.position;
    if (inHand) {
      await awaitStored(db, drain, task, signal);
      return settle(db, task, inHand, save);
    }
    return db.$transaction(async (tx) => {
      const progress = { position: await pick(tx, task), counts: task.counts };
      await save(tx, progress);
      return progress;
    });
  };

const pick = async (tx: Queryable, task: StoredTask): Promise<Position> => {
  const { phase, id: after = null } = task.position;
  const filter = processBacklog(task, task.startedAt ?? task.queuedAt);
  const page = { after, limit: ROWS, bytes: BYTES_IN_A_BITE };
  const isPending = phase === 'intake';
  const rows = isPending
    ? await backlog(tx).pending(filter, page)
    : await backlog(tx).quarantined(filter, page);
  const last = rows.at(-1);
  if (!last && isPending) return { phase: 'quarantine' };
  if (!last) {
    await redriveDead(tx)(task.orgId, task.range);
    return FINISHED;
  }
  if (!isPending)
    await backlog(tx).redrive(
      rows.map(({ id }) => id),
      GRACE,
    );
  return { phase, id: last.id, inHand: rows.map(({ id, items }) => ({ id, records: items })) };
};

/** Drains them here and now; what another worker has in hand, or what failed, is waited for and tried again. */
const awaitStored = async (
  db: Database,
  drain: Drain,
  { position: { inHand = [] }, takeovers }: StoredTask,
  signal: AbortSignal,
): Promise<void> => {
  const ids = inHand.map(({ id }) => id);
  // One of them may have killed the last worker: alone it takes no others along.
  let together = takeovers <= 0;
  for (let pause = PATIENCE.first; ; pause = Math.min(pause * 2, PATIENCE.most)) {
    const left = await backlog(db).stillPending(ids);
    if (!left.length) return;
    signal.throwIfAborted();
    for (const some of together ? [left] : left.map((id) => [id])) await drainSome(drain, some);
    together = false;
    if ((await backlog(db).stillPending(left)).length)
      await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
};

/** What fails is counted by the road, and quarantined when it has failed often enough. */
const drainSome = (drain: Drain, ids: string[]): Promise<void> =>
  drain({ ids, swept: true }).catch((error: unknown) => {
    if (isUnavailable(error)) throw error;
  });

/** What left the intake and is no submission kept failing: it is in quarantine again, whole. */
const settle = (
  db: Database,
  { position, counts }: StoredTask,
  inHand: { id: string; records: number }[],
  save: Save,
): Promise<Progress> =>
  db.$transaction(async (tx) => {
    const stored = await submissions(tx).countsOf(inHand.map(({ id }) => id));
    const known = new Set(stored.map(({ id }) => id));
    const poison = inHand.filter(({ id }) => !known.has(id)).reduce((sum, { records }) => sum + records, 0);
    const sum = (of: (one: (typeof stored)[number]) => number) =>
      stored.reduce((all, one) => all + of(one), 0);
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
