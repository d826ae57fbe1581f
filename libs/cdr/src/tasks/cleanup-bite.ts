import {
  dropPartition,
  isUnavailable,
  pastPartitions,
  type Database,
  type Partition,
} from '@oriontel/database';
import { backlog, type BacklogFilter } from '@oriontel/intake';
import { cdrIntake } from '../cdr-intake.ts';
import { BYTES_IN_A_BITE, LEGS_IN_A_BITE, type Bite, type Progress, type Save } from './bite.ts';
import type { TimeRange } from './date-range.ts';
import { addCounts, FINISHED, type StoredTask } from './munch-task.ts';
import { munchedLegs } from './munched-leg.repository.ts';
import { keyOf, positionOf } from './position.ts';

/** Milliseconds one transaction may take that counts a whole month and drops it. */
const LONGEST_DROP = 10 * 60_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Deletes: whole months where nothing else is in them, then calls one bite after the other, then what is in quarantine. */
export const cleanupBite =
  (db: Database): Bite =>
  async (task, save) => {
    const { phase } = task.position;
    if (phase === 'months') return dropNextMonth(db, task, save);
    return phase === 'legs' ? deleteLegs(db, task, save) : writeOff(db, task, save);
  };

/** What a cleanup takes from the quarantine. */
export const cleanupBacklog = (
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter => ({
  queue: cdrIntake.queue.name,
  orgId,
  accepted: range,
  itemsIn: 'records',
  upTo,
});

const isInside = ({ from, before }: Partition, range: TimeRange, after: Date | null): boolean =>
  (!range.from || from >= range.from) &&
  (!range.before || before <= range.before) &&
  (!after || from >= after);

const dropNextMonth = async (db: Database, task: StoredTask, save: Save): Promise<Progress> => {
  const { orgId, range, counts, position } = task;
  const after = keyOf(position)?.time ?? null;
  const month = (await pastPartitions(db, 'cdrs')).find((one) => isInside(one, range, after));
  if (!month) return saved(db, save, { position: { phase: 'legs' }, counts });
  const beyond = positionOf('months', { id: BEFORE_ALL, startTime: month.before });
  // A cheap look first: another's calls are seldom deleted between it and the lock.
  if (orgId !== null && (await munchedLegs(db).hasOthers(orgId, month)))
    return saved(db, save, { position: beyond, counts });
  const drop = async (): Promise<Progress> =>
    db.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(LONGEST_DROP)}, true)`;
        const deleted = await dropPartition(tx, month, async () =>
          orgId !== null && (await munchedLegs(tx).hasOthers(orgId, month))
            ? null
            : munchedLegs(tx).countOut(month),
        );
        const progress = { position: beyond, counts: addCounts(counts, { deleted: deleted ?? 0 }) };
        await save(tx, progress);
        return progress;
      },
      { timeout: LONGEST_DROP },
    );
  return drop().catch((error: unknown) => {
    // In use for too long: its calls are deleted one bite after the other, as those of other months.
    if (isUnavailable(error)) return saved(db, save, { position: beyond, counts });
    throw error;
  });
};

const saved = async (db: Database, save: Save, progress: Progress): Promise<Progress> => {
  await save(db, progress);
  return progress;
};

const deleteLegs = (
  db: Database,
  { orgId, range, position, counts }: StoredTask,
  save: Save,
): Promise<Progress> =>
  db.$transaction(async (tx) => {
    const page = { after: keyOf(position), limit: LEGS_IN_A_BITE };
    const { deleted, last } = await munchedLegs(tx).delete(orgId, range, page);
    const progress = {
      position: last ? positionOf('legs', { id: last.id, startTime: last.time }) : { phase: 'quarantine' },
      counts: addCounts(counts, { deleted }),
    };
    await save(tx, progress);
    return progress;
  });

const writeOff = (db: Database, task: StoredTask, save: Save): Promise<Progress> =>
  db.$transaction(async (tx) => {
    const { position, counts } = task;
    const page = { after: position.id ?? null, limit: LEGS_IN_A_BITE, bytes: BYTES_IN_A_BITE };
    const rows = await backlog(tx).quarantined(cleanupBacklog(task, task.startedAt ?? task.queuedAt), page);
    await backlog(tx).writeOff(rows.map(({ id }) => id));
    const records = rows.reduce((sum, { items }) => sum + items, 0);
    const last = rows.at(-1);
    const progress = {
      position: last ? { phase: 'quarantine', id: last.id } : FINISHED,
      counts: addCounts(counts, { written_off: records }),
    };
    await save(tx, progress);
    return progress;
  });
